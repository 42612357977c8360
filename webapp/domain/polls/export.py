"""Export an event's polls with their results: a row for each option of each opened poll.

The workbook also has the answers of named polls. A secret poll has no answers to export, and the
fact that an employee answered one is left out as well.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any

from sqlalchemy import Select, select

from webapp.domain.events.store import EventInfo
from webapp.domain.models import Poll, PollAnswer, PollOption, RosterEntry
from webapp.domain.polls.board import BoardPoll, read_board
from webapp.infra.csv_writer import csv_pieces
from webapp.infra.extensions import db
from webapp.infra.xlsx_writer import Cell, Workbook, write_workbook

COLUMNS = (
    "poll",
    "question",
    "choice",
    "secrecy",
    "state",
    "opened_at",
    "closed_at",
    "answers",
    "option",
    "votes",
    "percent",
)
WIDTHS = (8, 50, 10, 10, 10, 27, 27, 10, 40, 10, 10)
ANSWER_COLUMNS = (
    "poll",
    "question",
    "employee_number",
    "first_name",
    "last_name",
    "department",
    "option",
)
ANSWER_WIDTHS = (8, 50, 17, 16, 18, 20, 40)


def read_results(event: EventInfo) -> Iterator[tuple[Cell, ...]]:
    """Yield the values of `COLUMNS`; moments are in the event's zone, to the second."""
    polls = [poll for poll in read_board(event.id) if poll.state != "draft"]
    for poll in sorted(polls, key=lambda poll: poll.id):
        for text, votes in poll.options:
            yield (*_head(event, poll), text, votes, poll.share(votes))


def as_csv(event: EventInfo, separator: str = ",") -> Iterator[str]:
    """Yield the pieces of a CSV file; moments are ISO 8601 with their offset."""
    rows = [map(_text, row) for row in read_results(event)]
    return csv_pieces(COLUMNS, rows, separator)


def as_xlsx(event: EventInfo) -> IO[bytes]:
    """Return a nameless file with the workbook; closing the file deletes it."""

    def fill(book: Workbook) -> None:
        book.add_sheet("Polls", COLUMNS, WIDTHS).extend(read_results(event))
        answers = book.add_sheet("Named answers", ANSWER_COLUMNS, ANSWER_WIDTHS)
        answers.extend(read_named_answers(event))

    return write_workbook(fill)


def read_named_answers(event: EventInfo) -> Iterator[tuple[Cell, ...]]:
    """Yield the values of `ANSWER_COLUMNS`: a row for each option that an employee chose."""
    for row in db.session.execute(_named_answers(event.id)):
        if row.choices >> row.position & 1:
            yield (
                row.id,
                row.question,
                row.employee_number,
                row.first_name,
                row.last_name,
                row.department,
                row.text,
            )


def _head(event: EventInfo, poll: BoardPoll) -> tuple[Cell, ...]:
    return (
        poll.id,
        poll.question,
        "several" if poll.multiple else "one",
        "secret" if poll.secret else "named",
        poll.state,
        _local(event, poll.opened_at),
        _local(event, poll.closed_at),
        poll.answers,
    )


def _named_answers(event_id: int) -> Select[*tuple[Any, ...]]:
    names = (RosterEntry.employee_number, RosterEntry.first_name, RosterEntry.last_name)
    on_roster = (RosterEntry.event_id == event_id) & (
        RosterEntry.employee_id == PollAnswer.employee_id
    )
    return (
        select(
            Poll.id,
            Poll.question,
            *names,
            RosterEntry.department,
            PollOption.text,
            PollOption.position,
            PollAnswer.choices,
        )
        .join_from(Poll, PollAnswer, PollAnswer.poll_id == Poll.id)
        .join(PollOption, PollOption.poll_id == Poll.id)
        .join(RosterEntry, on_roster)
        .where(Poll.event_id == event_id, PollAnswer.choices.is_not(None))
        .order_by(Poll.id, RosterEntry.place, PollOption.position)
    )


def _local(event: EventInfo, moment: datetime | None) -> datetime | None:
    return event.local(moment).replace(microsecond=0) if moment else None


def _text(cell: Cell) -> str | int | None:
    return cell.isoformat() if isinstance(cell, datetime) else cell

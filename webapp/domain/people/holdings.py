"""Where data on people is held: every table is listed here, with what erasing does to its rows.

A new table or column of text must be added; `tests/unit/test_holdings.py` names what is missing.
The reasons are in docs/decisions/0014-erasing-a-person.md.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, true

from webapp.domain.employees.holding import Holding, Person
from webapp.domain.models import (
    Admin,
    AdminInvitation,
    Announcement,
    AudienceMinute,
    Closing,
    Correction,
    Employee,
    EmployeeUpload,
    EmployeeUploadPart,
    Event,
    HeldMessage,
    Message,
    Mute,
    Poll,
    PollAnswer,
    PollOption,
    Question,
    QuestionVote,
    ReactionMinute,
    Reopening,
    RosterEntry,
    WatchedMinute,
)
from webapp.domain.questions.authors import HOLDING as QUESTION_AUTHORS
from webapp.domain.questions.authors import asked_by
from webapp.infra.extensions import Model

# Stands where a text was. It is data, so it is not translated.
ERASED_TEXT = "(erased)"


def pseudonym_of(employee_id: int) -> dict[str, str]:
    """Return the values that replace a person's names, address and number.

    No file or form can have this address or number, so nothing that is imported means an erased
    person: the address lacks its `@`, and numbers that people type lose the no-break space.
    """
    return {
        "first_name": "",
        "last_name": f"Erased person {employee_id}",
        "email": f"erased\N{NO-BREAK SPACE}{employee_id}",
        "employee_number": f"erased\N{NO-BREAK SPACE}{employee_id}",
    }


def _by_employee(table: Any) -> Callable[[Person], ColumnElement[bool]]:
    return lambda person: table.employee_id == person.id


def on_rosters(table: Any) -> Callable[[Person], ColumnElement[bool]]:
    """Return the condition for a table whose key or index begins with the event."""
    return lambda person: and_(table.event_id.in_(person.event_ids), table.employee_id == person.id)


HOLDINGS = (
    Holding(
        Employee,
        lambda person: Employee.id == person.id,
        erased={"department": "", "location": "", "active": False},
    ),
    # Department and location stay, because figures are counted by them.
    Holding(
        RosterEntry,
        on_rosters(RosterEntry),
        plain=frozenset({"department", "location", "corrected_status"}),
    ),
    Holding(WatchedMinute, _by_employee(WatchedMinute), deleted=True),
    Holding(
        Correction,
        on_rosters(Correction),
        erased={"note": ERASED_TEXT},
        plain=frozenset({"status", "status_before"}),
        mentions=frozenset({"note"}),
    ),
    Holding(
        Message,
        _by_employee(Message),
        erased={"body": ERASED_TEXT},
        plain=frozenset({"nonce"}),
        mentions=frozenset({"body"}),
    ),
    Holding(HeldMessage, _by_employee(HeldMessage), deleted=True, mentions=frozenset({"body"})),
    Holding(Mute, _by_employee(Mute), deleted=True),
    QUESTION_AUTHORS,
    Holding(
        Question,
        lambda person: Question.id.in_(asked_by(person.id)),
        erased={"body": ERASED_TEXT, "original_body": None},
        plain=frozenset({"state"}),
        mentions=frozenset({"body", "original_body", "answer"}),
    ),
    Holding(QuestionVote, _by_employee(QuestionVote)),
    Holding(PollAnswer, _by_employee(PollAnswer)),
    # The account of an admin is not an employee's: an owner removes it on its own page.
    Holding(
        Admin,
        lambda person: Admin.email == person.email,
        plain=frozenset({"email", "name", "password_hash", "role"}),
        secret=frozenset({"password_hash"}),
    ),
    Holding(
        AdminInvitation,
        lambda person: AdminInvitation.email == person.email,
        deleted=True,
        secret=frozenset({"token_hash"}),
    ),
    # Uploaded files name employees and could bring the person back. They last an hour at most.
    Holding(
        EmployeeUpload,
        lambda _person: true(),
        deleted=True,
        secret=frozenset({"token"}),
    ),
)

# Texts in which people may be named by others: the name, address and number are replaced there.
MENTIONS: dict[type[Model], frozenset[str]] = {
    Announcement: frozenset({"body"}),
    Reopening: frozenset({"reason"}),
}

# Tables that hold nothing on a person: numbers, acts of admins, and what the company published. The
# speakers of an event are edited on its page; the parts of an upload go with it.
FREE: frozenset[type[Model]] = frozenset(
    {
        AudienceMinute,
        Closing,
        EmployeeUploadPart,
        Event,
        Poll,
        PollOption,
        ReactionMinute,
    }
)

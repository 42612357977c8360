"""`make chaos`: random faults on a private stack while people write, and a verdict on the chat.

Settings from the environment: SECONDS (60) of faults, NODES (2), PAGES (9), SEED to repeat a run.
Exit status 1 unless nothing was lost, doubled, out of order or left without an answer.
"""

import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable

import pymysql

from stack import Stack
from stack.__main__ import Interrupted, SettingError, StopRequest, number
from stack.chaos.audience import Audience, NotSettledError, Person
from stack.chaos.faults import draw, mend_all
from stack.chaos.ledger import Row, Verdict
from stack.chaos.poll_ledger import StoredPoll
from stack.chaos.question_ledger import StoredQuestions
from stack.ports import LOOPBACK
from stack.process import NotReadyError
from stack.tools import MissingToolsError

SETTLE_SECONDS = 60.0


def main() -> int:
    """Run to the end or until stopped, and return the exit status."""
    request = StopRequest()
    try:
        return run(request)
    except Interrupted:
        print("Stopped before the end; there is no verdict.", file=sys.stderr)
    except (MissingToolsError, NotReadyError, NotSettledError, SettingError) as error:
        print(error, file=sys.stderr)
    return 1


def run(request: StopRequest) -> int:
    """Start a stack and an audience, make faults, judge, and return the exit status."""
    seconds, nodes, pages = number("SECONDS", 60), number("NODES", 2), number("PAGES", 9)
    seed = number("SEED", random.randrange(1, 65536))
    print(f"SEED={seed}: {nodes} nodes, {pages} pages, {seconds} s of faults.", flush=True)
    with Stack(nodes=nodes, pause=request.pause) as stack:
        slug = str(_query(stack, "SELECT slug FROM events WHERE state = 'open' LIMIT 1")[0][0])
        _open_named_poll(stack, slug)
        with Audience(stack.url, slug, _people(stack, pages)) as audience:
            audience.wait_for_messages(3)
            _make_faults(stack, audience, random.Random(seed), seconds, request.pause)
            verdict = audience.settle(
                lambda: _stored(stack, slug),
                lambda: _stored_questions(stack, slug),
                lambda: _stored_poll(stack, slug),
                SETTLE_SECONDS,
            )
    print(*verdict.lines(), sep="\n")
    print(_conclusion(verdict, seed))
    return 0 if verdict.faultless else 1


def _make_faults(
    stack: Stack,
    audience: Audience,
    chance: random.Random,
    seconds: float,
    pause: Callable[[float], None],
) -> None:
    """Make one fault after the other, with pauses; leave with everything running again.

    During each fault a page is reloaded, with whatever it has not sent yet.
    """
    begin = time.monotonic()
    try:
        while time.monotonic() - begin < seconds:
            fault = draw(stack, chance)
            print(f"{time.monotonic() - begin:5.1f} s  {fault}", flush=True)
            fault.make()
            _wait(fault.seconds / 2, pause)
            chance.choice(audience.pages).open()
            _wait(fault.seconds / 2, pause)
            fault.mend()
            _wait(chance.uniform(0.5, 3), pause)
    finally:
        mend_all(stack)


def _wait(seconds: float, pause: Callable[[float], None]) -> None:
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        pause(min(left, 0.2))


def _conclusion(verdict: Verdict, seed: int) -> str:
    if verdict.faultless:
        return (
            "Every acknowledged message and question is on every page exactly once and in order, "
            "and every vote and every answer counts once."
        )
    return f"The live page broke a promise. SEED={seed} repeats these faults."


def _people(stack: Stack, count: int) -> list[Person]:
    """Return the credentials of `count` employees of the demo data."""
    query = f"SELECT email, employee_number FROM employees WHERE active LIMIT {count}"  # noqa: S608 - a number
    return [(str(email), str(number_)) for email, number_ in _query(stack, query)]


def _stored(stack: Stack, slug: str) -> list[Row]:
    """Return id and text of the event's messages, in the order of ids."""
    query = (
        "SELECT messages.id, body FROM messages JOIN events ON events.id = event_id"
        " WHERE slug = %s ORDER BY messages.id"
    )
    return [(int(str(id_)), str(body)) for id_, body in _query(stack, query, slug)]


def _stored_questions(stack: Stack, slug: str) -> StoredQuestions:
    """Return the event's questions, and their votes by employee number."""
    questions = (
        "SELECT questions.id, body, votes FROM questions JOIN events ON events.id = event_id"
        " WHERE slug = %s"
    )
    votes = (
        "SELECT employee_number, question_id FROM question_votes"
        " JOIN employees ON employees.id = employee_id JOIN questions ON questions.id = question_id"
        " JOIN events ON events.id = event_id WHERE slug = %s"
    )
    found = frozenset((str(number), int(str(id_))) for number, id_ in _query(stack, votes, slug))
    rows = _query(stack, questions, slug)
    return StoredQuestions({int(str(i)): (str(b), int(str(v))) for i, b, v in rows}, found)


def _open_named_poll(stack: Stack, slug: str) -> None:
    """Open a poll of the demo data whose answers may be changed, in place of the open one."""
    here = "event_id = (SELECT id FROM events WHERE slug = %s)"
    close = "UPDATE polls SET state = 'closed', open_in = NULL WHERE state = 'open' AND "
    reopen = (
        "UPDATE polls SET state = 'open', open_in = event_id, revision = revision + 100"
        " WHERE NOT secret AND "
    )
    for statement in (close, reopen):
        _query(stack, f"{statement}{here}", slug)


def _stored_poll(stack: Stack, slug: str) -> StoredPoll:
    """Return the votes and answers of the event's open poll, choices by employee number."""
    here = (
        " JOIN events ON events.id = polls.event_id WHERE slug = %s AND polls.state = 'open'"
        " ORDER BY position"
    )
    options = "SELECT poll_options.id, votes FROM poll_options JOIN polls ON polls.id = poll_id"
    votes = {int(str(i)): int(str(v)) for i, v in _query(stack, options + here, slug)}
    answers = (
        "SELECT employee_number, choices, position FROM poll_answers"
        " JOIN polls ON polls.id = poll_id JOIN poll_options ON poll_options.poll_id = polls.id"
        " JOIN employees ON employees.id = employee_id"
    )
    ids, chosen = list(votes), defaultdict[str, set[int]](set)
    for number_, choices, position in _query(stack, answers + here, slug):
        if int(str(choices)) >> int(str(position)) & 1:
            chosen[str(number_)].add(ids[int(str(position))])
    choices_of = {who: frozenset(options) for who, options in chosen.items()}
    return StoredPoll(votes, choices_of, list(choices_of.values()))


def _query(stack: Stack, query: str, *values: str) -> list[tuple[object, ...]]:
    with (
        pymysql.connect(
            host=LOOPBACK,
            port=stack.database.port,
            user="townhall",
            password="townhall",  # noqa: S106 - on loopback, for one run
            database="townhall",
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(query, values)
        found = list(cursor.fetchall())
        connection.commit()
        return found


if __name__ == "__main__":
    sys.exit(main())

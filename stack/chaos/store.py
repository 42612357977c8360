"""Read the database of a stack, and prepare its demo data for an audience."""

from collections import defaultdict

import pymysql

from stack import Stack
from stack.chaos.audience import Person
from stack.chaos.ledger import Row
from stack.chaos.poll_ledger import StoredPoll
from stack.chaos.question_ledger import StoredQuestions
from stack.ports import LOOPBACK


def open_event(stack: Stack) -> str:
    """Return the address of the open event of the demo data."""
    return str(execute(stack, "SELECT slug FROM events WHERE state = 'open' LIMIT 1")[0][0])


def people(stack: Stack, count: int) -> list[Person]:
    """Return the credentials of `count` employees of the demo data."""
    statement = f"SELECT email, employee_number FROM employees WHERE active LIMIT {count}"  # noqa: S608 - a number
    return [(str(email), str(number_)) for email, number_ in execute(stack, statement)]


def stored(stack: Stack, slug: str) -> list[Row]:
    """Return id and text of the event's messages, in the order of ids."""
    statement = (
        "SELECT messages.id, body FROM messages JOIN events ON events.id = event_id"
        " WHERE slug = %s ORDER BY messages.id"
    )
    return [(int(str(id_)), str(body)) for id_, body in execute(stack, statement, slug)]


def stored_questions(stack: Stack, slug: str) -> StoredQuestions:
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
    found = frozenset((str(number), int(str(id_))) for number, id_ in execute(stack, votes, slug))
    rows = execute(stack, questions, slug)
    return StoredQuestions({int(str(i)): (str(b), int(str(v))) for i, b, v in rows}, found)


def open_named_poll(stack: Stack, slug: str) -> None:
    """Open a poll of the demo data whose answers may be changed, in place of the open one."""
    here = "event_id = (SELECT id FROM events WHERE slug = %s)"
    close = "UPDATE polls SET state = 'closed', open_in = NULL WHERE state = 'open' AND "
    reopen = (
        "UPDATE polls SET state = 'open', open_in = event_id, revision = revision + 100"
        " WHERE NOT secret AND "
    )
    for statement in (close, reopen):
        execute(stack, f"{statement}{here}", slug)


def stored_poll(stack: Stack, slug: str) -> StoredPoll:
    """Return the votes and answers of the event's open poll, choices by employee number."""
    here = (
        " JOIN events ON events.id = polls.event_id WHERE slug = %s AND polls.state = 'open'"
        " ORDER BY position"
    )
    options = "SELECT poll_options.id, votes FROM poll_options JOIN polls ON polls.id = poll_id"
    votes = {int(str(i)): int(str(v)) for i, v in execute(stack, options + here, slug)}
    answers = (
        "SELECT employee_number, choices, position FROM poll_answers"
        " JOIN polls ON polls.id = poll_id JOIN poll_options ON poll_options.poll_id = polls.id"
        " JOIN employees ON employees.id = employee_id"
    )
    ids, chosen = list(votes), defaultdict[str, set[int]](set)
    for number_, choices, position in execute(stack, answers + here, slug):
        if int(str(choices)) >> int(str(position)) & 1:
            chosen[str(number_)].add(ids[int(str(position))])
    choices_of = {who: frozenset(options) for who, options in chosen.items()}
    return StoredPoll(votes, choices_of, list(choices_of.values()))


def execute(stack: Stack, statement: str, *values: str) -> list[tuple[object, ...]]:
    """Execute a statement, commit, and return its rows."""
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
        cursor.execute(statement, values)
        found = list(cursor.fetchall())
        connection.commit()
        return found

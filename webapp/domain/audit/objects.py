"""The messages and questions that entries of the audit log concern, by their ids.

Texts and authors are read from their own rows. So the log shows what erasing a person has left.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, literal, select

from webapp.domain.models import Admin, Employee, HeldMessage, Message, Question
from webapp.infra.extensions import db

SUBJECT = re.compile(r"(message|held message|question) ([0-9]{1,18})")


@dataclass(frozen=True)
class Quoted:
    """A text and its author, whose name is empty for an anonymous question."""

    text: str
    author: str


# By kind and id.
Objects = dict[tuple[str, int], Quoted]


def key_of(subject: str) -> tuple[str, int] | None:
    """Return kind and id of the object that a subject names, or None for other subjects."""
    found = SUBJECT.fullmatch(subject)
    return (found[1], int(found[2])) if found else None


def read_objects(keys: Iterable[tuple[str, int]]) -> Objects:
    """Return the objects with these keys, as far as they exist, in a statement for each kind."""
    by_kind: dict[str, set[int]] = {}
    for kind, id_ in keys:
        by_kind.setdefault(kind, set()).add(id_)
    return {
        (kind, row.id): Quoted(row.body, f"{row.first_name} {row.last_name}".strip())
        for kind, ids in by_kind.items()
        for row in db.session.execute(_read(kind, ids))
    }


def subjects_with(kind: str, *conditions: Any) -> Select[Any]:
    """Return the query of the subjects of those objects of a kind that meet the conditions."""
    table = TABLES[kind]
    # Without its collation a joined text cannot be compared with a column.
    return select(func.folded(literal(f"{kind} "), table.id)).where(*conditions)


def author_of(kind: str) -> Any:
    """Return the column with the author; that of an anonymous question is null."""
    return Question.author_id if kind == "question" else TABLES[kind].employee_id


TABLES: dict[str, Any] = {"message": Message, "held message": HeldMessage, "question": Question}


def _read(kind: str, ids: set[int]) -> Select[Any]:
    table = TABLES[kind]
    # Messages of the host have an admin instead.
    host = Admin.name if kind == "message" else ""
    names = (
        func.coalesce(Employee.first_name, "").label("first_name"),
        func.coalesce(Employee.last_name, host, "").label("last_name"),
    )
    query = select(table.id, table.body, *names).where(table.id.in_(ids))
    query = query.outerjoin(Employee, Employee.id == author_of(kind))
    return query.outerjoin(Admin, Admin.id == Message.admin_id) if kind == "message" else query

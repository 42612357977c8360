"""The declaration of a table: what it holds on a person, for the export and for erasing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement

from webapp.infra.extensions import Model


@dataclass(frozen=True)
class Person:
    """An employee as the tables know them.

    `event_ids` are those of all events: the key of a roster begins with the event, and for the
    employee alone a database would read every roster.
    """

    id: int
    email: str
    employee_number: str
    first_name: str
    last_name: str
    event_ids: tuple[int, ...]

    @property
    def name(self) -> str:
        """Return the first and the last name."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True)
class Holding:
    """The rows that one table holds on a person.

    `of` returns the condition that finds them. Erasing deletes them if `deleted`, and otherwise
    sets `erased` in them, values by column. In the rows of others it replaces the person's name in
    columns that `mentions` lists. Columns of text that say nothing on a person are `plain`; the
    export leaves out those in `secret`.
    """

    model: type[Model]
    of: Callable[[Person], ColumnElement[bool]]
    deleted: bool = False
    erased: Mapping[str, Any] = field(default_factory=dict)
    plain: frozenset[str] = frozenset()
    mentions: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()

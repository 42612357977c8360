"""Acts of moderators on one message or several: the selection, and the result."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from webapp.domain.models import Admin
from webapp.errors import Invalid, NotFound
from webapp.infra.extensions import db

# As many as a live page keeps. Restored or approved, they are sent to every viewer at once, and a
# node disconnects a viewer who has more than 1 MiB to receive.
MOST = 200


@dataclass(frozen=True)
class Earlier:
    """What somebody did before to a selected message: `removed`, `restored`, `approved` or
    `rejected`.

    `by` is the admin's name, or empty where nobody is on record.
    """

    act: str
    by: str
    at: datetime | None = None


@dataclass(frozen=True)
class Done:
    """The result of an act. `at` is its moment, by which the same admin can undo it; `changed` are
    the ids that it changed, and `earlier` tells of the others."""

    at: datetime
    changed: list[int]
    earlier: list[Earlier]


def check_selection(ids: Iterable[int]) -> list[int]:
    """Return the ids ascending, each once. Raises `Invalid` for none and for more than `MOST`."""
    selected = sorted(set(ids))
    if not selected:
        raise Invalid("Select a message first.")
    if len(selected) > MOST:
        raise Invalid(
            "Select at most %(most)s messages at once: these are %(count)s.",
            most=MOST,
            count=len(selected),
        )
    return selected


def check_found(found: int, wanted: int) -> None:
    """Raise `NotFound`, and end the transaction, where `found` rows are fewer than `wanted`."""
    if found == wanted:
        return
    db.session.rollback()
    if wanted == 1:
        raise NotFound("There is no such message.")
    raise NotFound(
        "Nothing was changed: %(count)s of the selected messages are not in this event.",
        count=wanted - found,
    )


def read_names(admin_ids: Collection[int | None]) -> dict[int | None, str]:
    """Return the names of admins by id; an admin who is not known has none."""
    query = select(Admin.id, Admin.name).where(Admin.id.in_({i for i in admin_ids if i}))
    return {row.id: row.name for row in db.session.execute(query)}

"""Load the demo data of seed.sql, moved in time so that its open event is on now."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from webapp.domain.models import Admin, Employee, Event
from webapp.infra.extensions import db
from webapp.infra.settings import ROOT

ADMIN_EMAIL, ADMIN_PASSWORD = "admin@example.com", "townhall-demo"
EMPLOYEE_EMAIL, EMPLOYEE_NUMBER = "ada.lovelace@example.com", "1001"

# The present of bin/make_seed.py.
WRITTEN_AT = datetime(2026, 1, 15, 10, 20, tzinfo=UTC)
# A whole literal with its quotes, so that dates in messages stay as they are.
MOMENT = re.compile(r"'(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6})'")
MOMENT_FORMAT = "%Y-%m-%d %H:%M:%S.%f"
# Minutes since the epoch are the only numbers of eight digits in these tables.
MINUTES = tuple(
    f"INSERT INTO {table} "
    for table in ("watched_minutes", "roster_entries", "audience_minutes", "reaction_minutes")
)
MINUTE = re.compile(r"\b\d{8}\b")


class DatabaseNotEmpty(Exception):
    """The database has employees, events or admins already."""


def is_empty() -> bool:
    """Return True if there are no employees, events or admins."""
    tables = (Employee, Event, Admin)
    return not any(db.session.scalar(select(func.count()).select_from(t)) for t in tables)


def seed(now: datetime, *, force: bool = False) -> None:
    """Load the demo data in one transaction; its open event began twenty minutes before `now`.

    With `force`, existing data is deleted first. Raises `DatabaseNotEmpty` otherwise.
    """
    if not force and not is_empty():
        raise DatabaseNotEmpty
    try:
        if force:
            _delete_all()
        _load(round((now - WRITTEN_AT) / timedelta(minutes=1)))
        db.session.commit()
    except IntegrityError:
        # Another process loaded it at the same time and was first.
        db.session.rollback()
        raise DatabaseNotEmpty from None


def _delete_all() -> None:
    for table in reversed(db.metadata.sorted_tables):
        db.session.execute(table.delete())


def _load(minutes: int) -> None:
    cursor = db.session.connection().connection.cursor()
    for statement in _statements((ROOT / "seed.sql").read_text(encoding="utf-8")):
        # By the driver: SQLAlchemy would read a `%` or `:name` in a message as a parameter.
        cursor.execute(_moved(statement, minutes))
    cursor.close()


def _statements(sql: str) -> Iterator[str]:
    """Yield the statements of seed.sql; each ends with `;` at the end of a line."""
    lines = [line for line in sql.splitlines() if not line.startswith("--")]
    return (s for part in "\n".join(lines).split(";\n") if (s := part.strip().rstrip(";")))


def _moved(statement: str, minutes: int) -> str:
    if statement.startswith(MINUTES):
        statement = MINUTE.sub(lambda found: str(int(found[0]) + minutes), statement)
    return MOMENT.sub(lambda found: f"'{_later(found[1], minutes)}'", statement)


def _later(text: str, minutes: int) -> str:
    moment = datetime.strptime(text, MOMENT_FORMAT) + timedelta(minutes=minutes)  # noqa: DTZ007
    return moment.strftime(MOMENT_FORMAT)

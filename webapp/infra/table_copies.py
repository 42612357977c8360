"""Copy every row of every table: into a backup, out of one, or into another database.

A backup is a gzip file with one JSON document per line: a head with the schema's revision, the
rows in the order in which foreign keys allow to insert them, and a foot with the number of rows of
each table. The foot proves that the file is complete; gzip has a checksum of its own.
"""

import gzip
import json
import zlib
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import IO, Any

from alembic.migration import MigrationContext
from sqlalchemy import Connection, DateTime, LargeBinary, Table, func, insert, select, text

from webapp.infra.clock import utcnow
from webapp.infra.extensions import db

FORMAT = "townhall-backup-1"
BATCH = 1000

Row = dict[str, Any]
Counts = dict[str, int]


class BackupError(Exception):
    """A backup that cannot be used, or a database that cannot take it. `str()` is one line."""


def tables() -> list[Table]:
    """Return every table, in an order in which rows can be inserted."""
    return list(db.metadata.sorted_tables)


def read_rows(connection: Connection) -> Iterator[tuple[Table, Row]]:
    """Yield every row as it is at one moment, while others go on writing."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("BEGIN"))
    else:
        # The transaction that the ping began must end first.
        connection.rollback()
        connection.execution_options(isolation_level="REPEATABLE READ")
        connection.execute(text("START TRANSACTION WITH CONSISTENT SNAPSHOT"))
    for table in tables():
        query = select(table).order_by(*table.primary_key)
        found = connection.execution_options(yield_per=BATCH).execute(query)
        for row in found.mappings():
            yield table, dict(row)


def insert_rows(connection: Connection, rows: Iterable[tuple[Table, Row]]) -> Counts:
    """Insert rows in one transaction and return how many each table got."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    counts: Counter[str] = Counter({table.name: 0 for table in tables()})
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        by_table: dict[Table, list[Row]] = {}
        for table, row in batch:
            by_table.setdefault(table, []).append(row)
        for table, some in by_table.items():
            connection.execute(insert(table), some)
            counts[table.name] += len(some)
    return dict(counts)


def count_rows(connection: Connection) -> Counts:
    """Return the number of rows of each table."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in tables()
    }


def require_empty(connection: Connection) -> None:
    """Raise `BackupError` when the database has rows already."""
    if any(count_rows(connection).values()):
        raise BackupError("This database is not empty.")


def delete_rows(connection: Connection) -> None:
    """Delete every row of every table."""
    for table in reversed(tables()):
        connection.execute(table.delete())


def revision_of(connection: Connection) -> str:
    """Return the last migration that ran."""
    return MigrationContext.configure(connection).get_current_revision() or "none"


def write_backup(connection: Connection, file: IO[bytes]) -> Counts:
    """Write a backup and return the number of rows of each table."""
    revision = revision_of(connection)
    counts = Counter({table.name: 0 for table in tables()})
    with gzip.open(file, "wt", encoding="utf-8", compresslevel=6) as lines:
        _write(lines, {"format": FORMAT, "revision": revision, "at": utcnow().isoformat()})
        for table, row in read_rows(connection):
            _write(lines, [table.name, [_encode(value) for value in row.values()]])
            counts[table.name] += 1
        _write(lines, {"rows": counts})
    return dict(counts)


def read_backup(file: IO[bytes], revision: str) -> Iterator[tuple[Table, Row]]:
    """Yield the rows of a backup.

    Raises `BackupError` unless it fits `revision`, at the first damage, and at its end unless it is
    complete.
    """
    try:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            _check_head(json.loads(next(lines, "null")), revision)
            yield from _read_rows(map(json.loads, lines))
    except (OSError, EOFError, LookupError, TypeError, ValueError, zlib.error) as error:
        raise BackupError(f"This backup cannot be read: {error}.") from None


def _check_head(head: Any, revision: str) -> None:
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise BackupError("This file is not a backup of Townhall.")
    if head["revision"] != revision:
        raise BackupError(
            f"This backup has schema {head['revision']}, this database {revision}: "
            "restore it with the version that made it, then upgrade."
        )


def _read_rows(lines: Iterable[Any]) -> Iterator[tuple[Table, Row]]:
    known = {table.name: table for table in tables()}
    counts: Counter[str] = Counter()
    foot = None
    for content in lines:
        if isinstance(content, dict):
            foot = content["rows"]
            continue
        name, values = content
        counts[name] += 1
        columns = known[name].columns
        yield known[name], {c.name: _decode(c, v) for c, v in zip(columns, values, strict=True)}
    if foot is None or {name: n for name, n in foot.items() if n} != counts:
        raise BackupError("This backup is not complete.")


def _write(lines: IO[str], content: Any) -> None:
    lines.write(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n")


def _encode(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case bytes():
            return b64encode(value).decode()
    return value


def _decode(column: Any, value: Any) -> Any:
    if value is None:
        return None
    kind = getattr(column.type, "impl_instance", column.type)
    if isinstance(kind, LargeBinary):
        return b64decode(value)
    return datetime.fromisoformat(value) if isinstance(kind, DateTime) else value

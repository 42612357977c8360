"""Engine options of each database, and units of work that are retried after an outage."""

import logging
import sys
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC
from functools import wraps
from sqlite3 import SQLITE_CANTOPEN
from ssl import SSLCertVerificationError
from typing import Any, ParamSpec, TypeVar, cast
from unicodedata import combining, normalize

from flask import Flask
from sqlalchemy import Connection, CursorResult, Table, UpdateBase, event, text
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.engine import URL, make_url
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_delay,
    wait_random_exponential,
)

from webapp.errors import first_line, is_outage, log_outage
from webapp.infra import clock, connection_pool
from webapp.infra.connection_pool import (
    GREETING_SECONDS,
    STATEMENT_SECONDS,
    BoundedPool,
    classify_error,
    connect_quickly,
)
from webapp.infra.database_url import connect_options, without_tls_options
from webapp.infra.extensions import Model, db
from webapp.infra.metrics import SQL_STATEMENTS
from webapp.infra.request_id import current_request_id
from webapp.infra.retry import wait_until
from webapp.infra.settings import Settings

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

_unit: ContextVar[uuid.UUID] = ContextVar("unit of work")

# Opening an event for 50,000 employees takes up to 2 s on a fast machine, and some are slow.
LONG_SECONDS = 30

# Of a server that answers and does not let this user in: no access (1044, 1045, 1698), no such
# database (1049), not from this host (1130), a way to log in that is not supported (1251, 2059),
# TLS required (3159) or not offered (2026), an expired password or a locked account.
REFUSALS = frozenset({1044, 1045, 1049, 1130, 1251, 1698, 1820, 1862, 2026, 2059, 3118, 3159})

MYSQL_OPTIONS: dict[str, Any] = {
    # The loser of a race then reads the winner's row in the same transaction.
    "isolation_level": "READ COMMITTED",
    "poolclass": BoundedPool,
    "pool_pre_ping": True,
    # Sessions end their transactions themselves; the pool would send a second ROLLBACK each time.
    "pool_reset_on_return": None,
    "pool_recycle": 280,
    # No overflow: a rush would close and open the connections beyond the size all the time.
    "pool_size": 20,
    "max_overflow": 0,
    # The default of 30 s would hold every viewer's handler when the pool is empty.
    "pool_timeout": 3,
    "connect_args": {
        "connect_timeout": GREETING_SECONDS,
        # Until the pool hands the connection out for statements.
        "read_timeout": GREETING_SECONDS,
        "write_timeout": STATEMENT_SECONDS,
    },
}


def init_database(app: Flask, settings: Settings) -> None:
    """Bind Flask-SQLAlchemy to `settings.database_url`, with the options of that database."""
    url = make_url(settings.database_url)
    sqlite = url.get_backend_name() == "sqlite"
    app.config["SQLALCHEMY_DATABASE_URI"] = without_tls_options(url)
    options = {} if sqlite else _mysql_options(url)
    # Parameters in a log line would tell who has asked an anonymous question.
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options | {"hide_parameters": True}
    db.init_app(app)
    # Runs before Flask-SQLAlchemy's own, which closes the session and would raise.
    app.teardown_appcontext(end_transaction)
    with app.app_context():
        event.listen(db.engine, "connect", _prepare_sqlite if sqlite else _read_clock)
        event.listen(db.engine, "handle_error", classify_error)
        event.listen(db.engine, "before_cursor_execute", _note_statement, retval=True)
        if not sqlite:
            event.listen(db.engine, "do_connect", connect_quickly)


def _mysql_options(url: URL) -> dict[str, Any]:
    return MYSQL_OPTIONS | {"connect_args": MYSQL_OPTIONS["connect_args"] | connect_options(url)}


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Readers go on while one writes; a second writer waits instead of failing.
    for pragma in ("journal_mode=WAL", "busy_timeout=5000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    # SQLite's own `lower` knows ASCII only. With this a search for “zoe” finds “Zoë”, as in MySQL.
    connection.create_function("lower", 1, _fold, deterministic=True)


def _note_statement(
    connection: Connection,
    _cursor: object,
    statement: str,
    parameters: Any,
    _context: object,
    executemany: bool,
) -> tuple[str, Any]:
    """Count a statement, and say in a comment for which request it is.

    PyMySQL sends rows together only where it recognises the whole INSERT. SQLite finds a prepared
    statement by its text.
    """
    SQL_STATEMENTS.inc()
    name = current_request_id()
    if not name or executemany or connection.dialect.name == "sqlite":
        return statement, parameters
    return f"{statement} /* request {name} */", parameters


def _fold(text: str | None) -> str | None:
    if text is None or text.isascii():
        return text and text.lower()
    return "".join(c for c in normalize("NFKD", text.lower()) if not combining(c))


def _read_clock(connection: Any, _record: object) -> None:
    # With each new connection, so at least as often as the pool recycles one.
    with connection.cursor() as cursor:
        asked_at = time.monotonic()
        cursor.execute("SELECT UTC_TIMESTAMP(6)")
        (moment,) = cursor.fetchone()
    clock.go_by(moment.replace(tzinfo=UTC), (asked_at + time.monotonic()) / 2)


def wait_for_database() -> None:
    """Wait until the database answers; end the process when it refuses this DATABASE_URL."""
    try:
        wait_until("the database", ping, _is_refusal)
    except Exception as error:
        sys.exit(f"townhall: DATABASE_URL: {first_line(error)}")


def _is_refusal(error: BaseException) -> bool:
    """Return whether `error` tells that waiting does not help: the settings are wrong."""
    if not is_outage(error):
        return True
    reason = getattr(error, "orig", None)
    unverified = isinstance(getattr(reason, "original_exception", None), SSLCertVerificationError)
    # Of SQLite: the folder does not exist, or this user may not write there.
    no_file = getattr(reason, "sqlite_errorcode", None) == SQLITE_CANTOPEN
    return unverified or no_file or bool(reason and reason.args and reason.args[0] in REFUSALS)


def ping() -> None:
    """Execute a statement. Raise what the database raised."""
    try:
        db.session.execute(text("SELECT 1"))
    finally:
        end_transaction()


def end_transaction(_error: BaseException | None = None) -> None:
    """Roll back what the session has begun; give up a connection whose ROLLBACK fails.

    A database that dies between the last SELECT and the ROLLBACK would otherwise raise where
    nobody expects it: in a `finally`, or at the end of a request that succeeded.
    """
    if not db.session.registry.has():
        return
    try:
        db.session.rollback()
    except Exception as error:
        log.warning("gave up a connection whose ROLLBACK failed: %s", first_line(error))
        db.session().invalidate()


def begin_to_write() -> None:
    """Begin a transaction that reads before it writes.

    SQLite has no row locks, so it lets nobody else write from now on; other databases lock the
    rows that are read.
    """
    if db.engine.dialect.name == "sqlite":
        db.session.execute(text("BEGIN IMMEDIATE"))


def allow_long_statements() -> None:
    """Let each statement of this transaction take up to `LONG_SECONDS`."""
    connection_pool.allow_long_statements(db.session.connection().connection, LONG_SECONDS)


def insert_or_add(model: type[Model], key: dict[str, int], amounts: dict[str, int]) -> None:
    """Insert a row, or add `amounts` to the row that has this `key`, in one statement."""
    columns = cast(Table, model.__table__).c
    sums = {name: columns[name] + amount for name, amount in amounts.items()}
    _insert_or_update(model, key, amounts, sums)


def insert_or_set(model: type[Model], key: dict[str, Any], values: dict[str, Any]) -> None:
    """Insert a row, or set `values` in the row that has this `key`, in one statement."""
    _insert_or_update(model, key, values, values)


def _insert_or_update(
    model: type[Model], key: dict[str, Any], values: dict[str, Any], changes: dict[str, Any]
) -> None:
    table = cast(Table, model.__table__)
    insert: mysql.Insert | sqlite.Insert
    if db.engine.dialect.name == "sqlite":
        insert = sqlite.insert(table).on_conflict_do_update(index_elements=[*key], set_=changes)
    else:
        insert = mysql.insert(table).on_duplicate_key_update(changes)
    db.session.execute(insert.values(key | values))


def retry_on_outage(work: Callable[P, R]) -> Callable[P, R]:
    """Retry a unit of work for about three seconds while the database is away.

    Use it only for work that may run twice: when a connection breaks during a commit, nobody knows
    whether the commit happened. Unique keys let the second run find the rows of the first.
    """

    @wraps(work)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        attempts = Retrying(
            retry=retry_if_exception(is_outage),
            wait=wait_random_exponential(multiplier=0.2, max=1),
            stop=stop_after_delay(3),
            before_sleep=_give_up_attempt,
            reraise=True,
        )
        token = _unit.set(uuid.uuid4())
        try:
            return attempts(work, *args, **kwargs)
        finally:
            _unit.reset(token)

    return wrapper


def _give_up_attempt(state: RetryCallState) -> None:
    if state.outcome and (error := state.outcome.exception()):
        log_outage(error)
    end_transaction()


def count_changed(statement: UpdateBase) -> int:
    """Execute an UPDATE or DELETE and return the number of rows that it found."""
    result = cast(CursorResult[Any], db.session.execute(statement))
    return result.rowcount


def unit_of_work() -> uuid.UUID:
    """Return the id of the unit of work under way, which its retries share, or a new one."""
    return _unit.get(None) or uuid.uuid4()

"""A flood of one kind costs a line a minute, and says how many were left out."""

import io
import json
import logging
import time
from collections.abc import Iterator

import pymysql
import pytest
from flask import Flask
from flask_socketio import SocketIO
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from webapp.errors import log_outage
from webapp.infra import logs

log = logging.getLogger("tests.flood")


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Yield the log of a process, as text or as JSON; restore the loggers afterwards."""
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    root, gunicorn = logging.getLogger(), logging.getLogger("gunicorn.error")
    before = root.handlers[:], root.level, gunicorn.handlers[:]
    logs.configure_logging(getattr(request, "param", "text"), "INFO")
    yield written
    root.handlers[:], gunicorn.handlers[:] = before[0], before[2]
    root.setLevel(before[1])


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a minute pass."""
    now = time.monotonic() + logs.KIND_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: now)


def refuse(number: int) -> None:
    log.warning("refused number %d", number)


def fail(number: int) -> None:
    try:
        if number % 2:
            int(f"number {number}")
        else:
            float(f"number {number}")
    except ValueError:
        log.exception("failed")


def test_a_kind_is_logged_once_a_minute(
    lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1000):
        refuse(number)
    assert lines.getvalue().count("refused number") == 1
    log.warning("another kind")
    assert "another kind" in lines.getvalue()
    later(monkeypatch)
    refuse(7)
    assert (
        lines.getvalue()
        .splitlines()[-1]
        .endswith("refused number 7 [999 more like it were left out before]")
    )


def test_news_is_not_limited(lines: io.StringIO) -> None:
    for number in range(5):
        log.info("migration %d", number)
    assert lines.getvalue().count("migration") == 5


def test_forms_without_a_token_cost_a_line_a_minute(lines: io.StringIO) -> None:
    for _ in range(5):
        logging.getLogger("flask_wtf.csrf").info("The CSRF token is missing.")
    assert lines.getvalue().count("The CSRF token is missing.") == 1


def test_each_place_that_raises_is_a_kind(lines: io.StringIO) -> None:
    for number in range(10):
        fail(number)
    assert lines.getvalue().count("Traceback") == 2


def test_a_statement_may_name_its_kinds(lines: io.StringIO) -> None:
    for number in range(10):
        log.warning("waiting", extra={"kind": number % 2})
    assert lines.getvalue().count("waiting") == 2


def test_the_kinds_that_are_kept_are_bounded() -> None:
    flood = logs.FloodFilter()
    for number in range(3 * logs.MOST_KINDS):
        record = logging.LogRecord("x", logging.ERROR, "file", number, "x", (), None)
        assert flood.filter(record)
    assert len(flood._kinds) == logs.MOST_KINDS


@pytest.mark.parametrize("lines", ["json"], indirect=True)
def test_an_error_of_engineio_is_one_line_of_json(lines: io.StringIO) -> None:
    SocketIO(Flask("x"), async_mode="threading")
    logging.getLogger("engineio.server").error("the first error")
    (line,) = lines.getvalue().splitlines()
    assert json.loads(line)["message"] == "the first error"


@pytest.mark.parametrize("lines", ["json"], indirect=True)
def test_gunicorn_logs_json_as_well(lines: io.StringIO) -> None:
    logging.getLogger("gunicorn.error").setLevel(logging.INFO)
    logging.getLogger("gunicorn.error").info("Booting")
    assert json.loads(lines.getvalue().splitlines()[0])["message"] == "Booting"


def test_an_outage_costs_one_line_for_each_reason(lines: io.StringIO) -> None:
    away = pymysql.err.OperationalError(2003, "Can't connect")
    full = OperationalError("INSERT", {}, pymysql.err.OperationalError(1114, "The table is full"))
    pool = PoolTimeout("it failed just now")
    pool.__cause__ = away
    for error in (away, pool, pymysql.err.OperationalError(2013, "Lost connection"), full, full):
        log_outage(error)
    messages = [line.partition("webapp.errors: ")[2] for line in lines.getvalue().splitlines()]
    assert messages == [
        """the database does not answer: (2003, "Can't connect")""",
        "the database refuses: (1114, 'The table is full')",
    ]

"""The id of the current request, which nginx gives it: in all logs and in the SQL comments."""

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

# Nothing else may reach a log line or a comment of SQL.
FORM = re.compile("[0-9a-f]{32}")

_current: ContextVar[str] = ContextVar("request id", default="")


def current_request_id() -> str:
    """Return the id of the request that is being handled, or an empty text outside of one."""
    return _current.get()


def begin_request(environ: Mapping[str, Any]) -> str:
    """Take the id from a WSGI request, or make one where no proxy gave it; return it."""
    given = environ.get("HTTP_X_REQUEST_ID", "")
    name = given if FORM.fullmatch(given) else secrets.token_hex(16)
    _current.set(name)
    return name


@contextmanager
def as_request(name: str) -> Iterator[None]:
    """Handle something for an earlier request, such as a packet for the one of its handshake."""
    token = _current.set(name)
    try:
        yield
    finally:
        _current.reset(token)

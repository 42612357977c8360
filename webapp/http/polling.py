"""Polls of HTMX, which are answered with 204 while the page is up to date.

A polled fragment asks again with the version that it was made from, `?seen=…`.
"""

import hashlib
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from webapp.http.rendering import is_htmx

# HTMX leaves the page as it is, with its focus, selection and place.
NOTHING_NEW: ResponseReturnValue = ("", 204)


def version_of(*shown: Any) -> str:
    """Return a short digest of everything that a fragment shows, by its `repr`."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def is_seen(version: str) -> bool:
    """Return whether this request is a poll of a page that shows `version`."""
    return is_htmx() and request.method == "GET" and request.args.get("seen") == version

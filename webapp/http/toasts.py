"""Toasts: short confirmations in the live region of the page, "Saved.", each shown once.

A toast that is followed by a redirect waits in the session cookie for the next page. One that is
followed by a fragment travels in a header, which frontend/toasts.js shows.
"""

import json
from typing import TypedDict

from flask import Flask, g, session

KEY = "toasts"


class Toast(TypedDict):
    """A confirmation; `undo` is the address to post to, or empty."""

    text: str
    undo: str


def notify(text: str, undo: str = "") -> None:
    """Say `text` with the answer to this request, with a button that posts to `undo`."""
    g.setdefault(KEY, []).append(Toast(text=text, undo=undo))


def keep_toasts() -> None:
    """Keep the toasts of this request for the page that the answer redirects to."""
    if toasts := g.pop(KEY, None):
        session[KEY] = session.get(KEY, []) + toasts


def take_toasts() -> list[Toast]:
    """Return the toasts for the page that is rendered, and forget them."""
    kept = session.pop(KEY, []) if KEY in session else []
    toasts: list[Toast] = kept + g.pop(KEY, [])
    return toasts


def toast_headers() -> dict[str, str]:
    """Return the headers that show this request's toasts beside a fragment."""
    toasts = g.pop(KEY, None)
    return {"HX-Trigger": json.dumps({"toasts": {"list": toasts}})} if toasts else {}


def register_toasts(app: Flask) -> None:
    """Give templates `take_toasts()`."""
    app.jinja_env.globals["take_toasts"] = take_toasts

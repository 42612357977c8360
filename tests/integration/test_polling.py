"""Polls of HTMX are answered with 204 while there is nothing new."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import update

from tests.support.client import PageClient
from tests.support.data import add_employee, add_event
from webapp.domain.events import store
from webapp.domain.models import Event
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db

HTMX = {"HX-Request": "true"}
SOON = {"starts_at": utcnow() + timedelta(minutes=10), "ends_at": utcnow() + timedelta(hours=2)}
PAGES = {
    "overview": "/admin/",
    "roster": "/admin/events/town-hall/attendance",
    "chat": "/admin/events/town-hall/chat",
    "questions": "/admin/events/town-hall/questions",
    "polls": "/admin/events/town-hall/polls",
    "waiting": "/events/soon/",
}


@pytest.fixture(autouse=True)
def _events(app: Flask) -> None:
    with app.app_context():
        add_employee()
        add_event()
        add_event("soon", state="scheduled", **SOON)


def _change_titles(app: Flask) -> None:
    with app.app_context():
        db.session.execute(update(Event).values(title="Another title"))
        db.session.commit()
        for slug in ("town-hall", "soon"):
            store.refresh_event(slug)


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_a_poll_without_news_is_answered_with_204(app: Flask, admin: PageClient, path: str) -> None:
    page = admin.get(path).text
    for polled in _all_polled(page):
        assert admin.get(polled, headers=HTMX).status_code == 204, polled
    address = _polled(page, path)
    # The address itself is a page like any other, and a stale poll gets what is new.
    assert admin.get(address).status_code == 200
    _change_titles(app)
    news = admin.get(address, headers=HTMX)
    assert news.status_code == 200
    assert _polled(news.text, path) != address


def _all_polled(html: str) -> list[str]:
    found = re.findall(r'data-hx-get="([^"]+)"[^>]*data-hx-trigger="every', html)
    return [unescape(address) for address in found]


def _polled(html: str, path: str) -> str:
    """Return the address that the main part of the page at `path` polls; others poll beside it."""
    (address,) = (
        one
        for one in _all_polled(html)
        if urlsplit(one).path == path and not re.search(r"\bpart=", one)
    )
    return address

"""Fixtures: one browser and one running system for all stories, and a meeting for each."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from stack import Stack
from tests.support.browser import People, launch_chromium
from tests.support.embedded import Embedded, running
from tests.support.meeting import Meeting, held_meeting
from webapp.infra.clock import utcnow
from webapp.infra.settings import load_settings


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launch_chromium(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def people(chromium: Browser) -> Iterator[People]:
    """Yield the visitors of a test; fail on an unexpected complaint of a browser."""
    people = People(chromium)
    yield people
    people.leave()
    assert people.complaints == []


@pytest.fixture(params=[True, False], ids=["script", "plain"])
def javascript(request: pytest.FixtureRequest) -> bool:
    """Run the story twice: with JavaScript and HTMX, and with forms and links alone."""
    return bool(request.param)


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with running(Embedded(tmp_path_factory.mktemp("embedded"))) as server:
        yield server


@pytest.fixture
def meeting(request: pytest.FixtureRequest, embedded: Embedded) -> Iterator[Meeting]:
    """Hold a meeting without a stream, in the time zone of the parameter if there is one.

    Decoding a stream takes longer than most stories.
    """
    zone = getattr(request, "param", "Europe/Berlin")
    yield from _meeting(embedded, stream_url="", timezone=zone)


@pytest.fixture
def broadcast(embedded: Embedded) -> Iterator[Meeting]:
    """Yield a meeting with the demo stream."""
    yield from _meeting(embedded)


@pytest.fixture
def full_meeting(stack: Stack) -> Iterator[Meeting]:
    """Yield a meeting on the full system."""
    with held_meeting(load_settings(stack.settings), stack.url, stream_url="") as meeting:
        yield meeting


def _meeting(embedded: Embedded, **values: Any) -> Iterator[Meeting]:
    # It began before the demo event, so that `/` still leads to that one.
    begin = utcnow() - timedelta(minutes=30)
    times = {"starts_at": begin, "ends_at": begin + timedelta(hours=2)}
    with held_meeting(embedded.settings, embedded.url, **times, **values) as meeting:
        yield meeting

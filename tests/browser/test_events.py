"""An admin tests a stream, opens an event late and changes it while people watch."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from tests.support.browser import People, check_in, expect_connected, sign_in, write
from tests.support.embedded import Embedded, running
from tests.support.hls_server import HlsServer, LivePlaylist, hls_server
from tests.support.meeting import Meeting, held_meeting
from webapp.domain.models import Event
from webapp.domain.seed import ADMIN_EMAIL, ADMIN_PASSWORD
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db

# As a browser that is older than the time zone of the event.
OLD_BROWSER = """
  const Format = Intl.DateTimeFormat;
  Intl.DateTimeFormat = function (locale, options) {
    if (options?.timeZone) throw new RangeError("invalid time zone");
    return new Format(locale, options);
  };
"""


@pytest.fixture
def server() -> Iterator[HlsServer]:
    with hls_server() as server:
        yield server


@pytest.fixture(scope="module")
def testing_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """Return a site that may load streams of this machine."""
    folder = tmp_path_factory.mktemp("testing")
    with running(Embedded(folder, {"STREAM_TEST_ALLOW": "127.0.0.1"})) as site:
        yield site


def come(people: People, site: str, javascript: bool = True) -> Page:
    admin = people.come(site, javascript=javascript)
    sign_in(admin, ADMIN_EMAIL, ADMIN_PASSWORD)
    return admin


def test_stream_is_tested_and_its_hosts_are_kept(
    people: People, testing_site: Embedded, server: HlsServer, javascript: bool
) -> None:
    with hls_server() as other, held_meeting(testing_site.settings, testing_site.url) as meeting:
        server.playlists["/live.m3u8"] = LivePlaylist(prefix=other.url("/"))
        admin = come(people, testing_site.url, javascript)
        admin.goto(f"/admin/events/{meeting.slug}/edit")
        admin.get_by_label("Stream address").fill(server.url("/live.m3u8"))
        admin.get_by_role("button", name="Test the stream").click()
        report = admin.locator("#stream-report")
        expect(report).to_contain_text("A live stream.")
        expect(report).to_contain_text(f"It also comes from {other.url('')}")
        if javascript:
            found = "It plays in this browser. Picture: 640 × 360. It has sound."
            expect(report).to_contain_text(found, timeout=30_000)
        admin.get_by_role("button", name="Save").click()
        viewer = people.come(testing_site.url)
        check_in(viewer, meeting.slug, *meeting.employee())
        playing = "() => document.querySelector('video').currentTime > 1"
        viewer.wait_for_function(playing, timeout=30_000)


def test_event_of_last_month_is_opened_only_after_a_question(
    people: People, meeting: Meeting, javascript: bool
) -> None:
    begin = utcnow() - timedelta(days=30)
    with meeting.app.app_context():
        old = update(Event).where(Event.slug == meeting.slug)
        times = {"starts_at": begin, "ends_at": begin + timedelta(hours=1)}
        db.session.execute(old.values(state="scheduled", title=f"Old {meeting.slug}", **times))
        db.session.commit()
    admin = come(people, meeting.site, javascript)
    row = admin.get_by_role("row").filter(has_text=f"Old {meeting.slug}")
    expect(row).to_contain_text("never opened")
    row.get_by_role("button", name="Open").click()
    expect(admin.get_by_role("heading", level=1)).to_contain_text(f"Open “Old {meeting.slug}”?")
    expect(admin.locator("main")).to_contain_text(f"{begin:%B %Y}")
    admin.get_by_role("link", name="Cancel").click()
    state = admin.locator(".event-state")
    expect(state).to_contain_text("never opened")
    admin.get_by_role("link", name="Open the event").click()
    admin.get_by_role("button", name="Open the event").click()
    expect(state.locator(".badge")).to_have_text("open")


def test_new_title_reaches_open_pages(people: People, meeting: Meeting) -> None:
    viewer = people.come(meeting.site)
    check_in(viewer, meeting.slug, *meeting.employee())
    expect_connected(viewer)
    viewer.get_by_label("Your message").fill("half a sen")
    admin = come(people, meeting.site)
    admin.goto(f"/admin/events/{meeting.slug}/edit")
    admin.get_by_label("Title").fill("All hands & more")
    admin.get_by_role("button", name="Save").click()
    expect(viewer.get_by_role("heading", level=1)).to_have_text("All hands & more")
    expect(viewer).to_have_title(re.compile("^All hands & more · "))
    expect(viewer.get_by_label("Your message")).to_have_value("half a sen")


def test_chat_works_in_a_zone_that_the_browser_does_not_know(
    people: People, meeting: Meeting
) -> None:
    viewer = people.come(meeting.site)
    viewer.add_init_script(OLD_BROWSER)
    check_in(viewer, meeting.slug, *meeting.employee())
    expect_connected(viewer)
    write(viewer, "good morning")
    expect(viewer.locator("#messages > li .body")).to_have_text(["good morning"])

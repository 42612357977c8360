"""The video of the live page: it starts, goes on and offers its choices by itself."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import update

from tests.support.browser import People, check_in
from tests.support.hls_server import HlsServer, LivePlaylist, add_full_stream, hls_server
from tests.support.meeting import Meeting
from tests.support.waiting import wait_for
from webapp.domain.models import Event
from webapp.infra.extensions import db

ABSENT_TRIES = 2
PLAYLIST_LOADS = 3
# Each may write 5 messages in 10 s.
WRITERS = 20
OBSERVE_LONG_TASKS = """() => {
  window.longTasks = [];
  const note = ({ duration }) => window.longTasks.push(duration);
  new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type: "longtask" });
}"""


# As a browser does that has never seen a click on the site.
ALLOW_NO_SOUND = """
  let clicked = false;
  addEventListener("click", () => { clicked = true; }, { capture: true });
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    if (this.muted || clicked) return play.call(this);
    return Promise.reject(new DOMException("no click yet", "NotAllowedError"));
  };
"""
SHOWN_CAPTIONS = """() => {
  const tracks = [...document.querySelector("video").textTracks];
  return tracks.find(({ mode }) => mode === "showing")?.activeCues?.[0]?.text;
}"""


@pytest.fixture
def server() -> Iterator[HlsServer]:
    with hls_server() as server:
        yield server


@pytest.fixture
def page(people: People, broadcast: Meeting) -> Page:
    return people.come(broadcast.site)


def change_stream(meeting: Meeting, **values: str) -> None:
    """Change the stream of the meeting; the sweep of the node finds it."""
    with meeting.app.app_context():
        db.session.execute(update(Event).where(Event.slug == meeting.slug).values(**values))
        db.session.commit()


def watch(page: Page, meeting: Meeting, address: str) -> None:
    """Set the stream of the meeting, and check in to it."""
    change_stream(meeting, stream_url=address)
    check_in(page, meeting.slug, *meeting.employee())


def wait_until_it_plays(page: Page, seconds: float) -> None:
    def plays() -> bool:
        state = page.locator("video").evaluate("video => [video.currentTime, video.readyState]")
        return bool(state[0] > begin + 2 and state[1] >= 2)

    begin = page.locator("video").evaluate("video => video.currentTime")
    wait_for(plays, seconds, "the video plays")


def open_settings(page: Page) -> None:
    page.locator("#video").hover()
    page.locator("#video-settings summary").click()


def test_video_plays_with_sound(page: Page, broadcast: Meeting) -> None:
    check_in(page, broadcast.slug, *broadcast.employee())
    wait_until_it_plays(page, 15)
    expect(page.locator(".video-state")).to_be_empty()
    # The visit to the check-in form allows the browser to play sound.
    assert page.locator("video").evaluate("video => video.muted") is False
    expect(page.locator("#video-prompt")).to_be_hidden()
    # Letters are keys in the player alone.
    page.get_by_label("Your message").press_sequentially("mkf")
    expect(page.get_by_label("Your message")).to_have_value("mkf")
    page.locator("#video-play").press("m")
    assert page.locator("video").evaluate("video => [video.muted, video.paused]") == [True, False]
    page.locator("#video-mute").press("k")
    assert page.locator("video").evaluate("video => video.paused") is True
    page.locator("#video-mute").press("f")
    expect(page.get_by_role("button", name="Leave full screen")).to_be_visible()


def test_video_plays_muted_where_sound_needs_a_click(page: Page, broadcast: Meeting) -> None:
    page.add_init_script(ALLOW_NO_SOUND)
    check_in(page, broadcast.slug, *broadcast.employee())
    wait_until_it_plays(page, 15)
    page.get_by_role("button", name="Turn the sound on").click()
    assert page.locator("video").evaluate("video => video.muted") is False
    expect(page.locator("#video-prompt")).to_be_hidden()
    expect(page.locator("#video-play")).to_be_focused()


def test_choice_to_mute_is_remembered(page: Page, broadcast: Meeting) -> None:
    check_in(page, broadcast.slug, *broadcast.employee())
    wait_until_it_plays(page, 15)
    page.get_by_role("button", name="Mute", exact=True).click()
    # The choice is stored when the browser reports the change, as the name of the button is set.
    unmute = page.get_by_role("button", name="Unmute")
    expect(unmute).to_be_visible()
    page.reload()
    wait_until_it_plays(page, 15)
    assert page.locator("video").evaluate("video => video.muted") is True
    # It is a choice, and nothing that the page should ask about.
    expect(page.locator("#video-prompt")).to_be_hidden()
    unmute.click()
    expect(page.get_by_role("button", name="Mute", exact=True)).to_be_visible()
    # A reload is not a click: the browser itself may mute the page again.
    assert page.evaluate("localStorage['townhall:video:sound']") == "on"


def test_stream_that_begins_late_starts_by_itself(
    people: People, page: Page, broadcast: Meeting
) -> None:
    people.expect_complaint("status of 404")
    tries: list[str] = []

    def answer(route: Route) -> None:
        tries.append(route.request.url)
        if len(tries) <= ABSENT_TRIES:
            route.fulfill(status=404, body="not yet")
        else:
            route.continue_()

    page.route("**/demo/live.m3u8", answer)
    check_in(page, broadcast.slug, *broadcast.employee())
    expect(page.locator(".video-state")).to_contain_text("There is no stream yet")
    wait_until_it_plays(page, 25)
    assert len(tries) > ABSENT_TRIES
    expect(page.locator(".video-state")).to_be_empty()


def test_languages_and_captions_can_be_chosen_and_are_remembered(
    page: Page, meeting: Meeting, server: HlsServer
) -> None:
    add_full_stream(server)
    watch(page, meeting, server.url("/main.m3u8"))
    wait_until_it_plays(page, 20)
    wait_for(lambda: "/en.m3u8" in server.asked, 10, "the sound is loaded")
    open_settings(page)
    page.get_by_label("Language").select_option("Deutsch")
    wait_for(lambda: "/de.m3u8" in server.asked, 10, "the other language is loaded")
    page.get_by_label("Captions").select_option("English")
    wait_for(lambda: page.evaluate(SHOWN_CAPTIONS) == "Good morning, everybody", 15)
    server.asked.clear()
    page.reload()
    wait_until_it_plays(page, 20)
    wait_for(lambda: page.evaluate(SHOWN_CAPTIONS) == "Good morning, everybody", 15)
    expect(page.get_by_label("Language").locator("option:checked")).to_have_text("Deutsch")
    wait_for(lambda: "/de.m3u8" in server.asked, 10, "the remembered language is loaded")


def test_sound_only_loads_no_picture(page: Page, meeting: Meeting, server: HlsServer) -> None:
    add_full_stream(server)
    watch(page, meeting, server.url("/main.m3u8"))
    wait_until_it_plays(page, 20)
    open_settings(page)
    page.get_by_label("Sound only").check()
    server.asked.clear()
    wait_for(lambda: server.asked.count("/en.m3u8") > 1, 20, "the sound goes on")
    assert "/picture.m3u8" not in server.asked
    page.get_by_label("Sound only").uncheck()
    wait_for(lambda: "/picture.m3u8" in server.asked, 20, "the picture is back")


def test_stream_without_choices_has_no_menus(page: Page, broadcast: Meeting) -> None:
    check_in(page, broadcast.slug, *broadcast.employee())
    wait_until_it_plays(page, 15)
    expect(page.locator("#video-settings")).to_be_hidden()


def test_segments_of_another_host_need_its_name(
    people: People, page: Page, meeting: Meeting, server: HlsServer
) -> None:
    people.expect_complaint("Content Security Policy")
    with hls_server() as other:
        live = LivePlaylist(prefix=other.url("/"))
        server.playlists["/live.m3u8"] = live
        watch(page, meeting, server.url("/live.m3u8"))
        expect(page.locator(".video-state")).to_contain_text("cannot be loaded", timeout=40_000)
        assert not other.asked
        change_stream(meeting, stream_hosts=other.url(""))
        wait_for(lambda: other.asked, 20, "the page loads the stream anew")
        wait_until_it_plays(page, 20)


def test_playlist_that_does_not_advance_is_told_and_goes_on(
    page: Page, meeting: Meeting, server: HlsServer
) -> None:
    live = server.playlists["/live.m3u8"] = LivePlaylist()
    watch(page, meeting, server.url("/live.m3u8"))
    wait_until_it_plays(page, 20)
    live.freeze()
    expect(page.locator(".video-state")).to_contain_text("The picture has stopped", timeout=60_000)
    live.go_on()
    wait_until_it_plays(page, 30)
    expect(page.locator(".video-state")).to_be_empty()


def test_viewer_who_is_behind_returns_to_live(
    page: Page, meeting: Meeting, server: HlsServer
) -> None:
    server.playlists["/live.m3u8"] = LivePlaylist(window=30)
    watch(page, meeting, server.url("/live.m3u8"))
    wait_until_it_plays(page, 20)
    video = page.locator("video")
    video.evaluate("video => { video.currentTime -= 40; }")
    button = page.get_by_role("button", name=re.compile("behind. Go to live"))
    expect(button).to_contain_text(re.compile(r"[34]\d s behind"))
    before = video.evaluate("video => video.currentTime")
    button.click()
    expect(button).to_be_hidden()
    assert video.evaluate("video => video.currentTime") > before + 25


def test_restarted_encoder_is_played(page: Page, meeting: Meeting, server: HlsServer) -> None:
    live = server.playlists["/live.m3u8"] = LivePlaylist()
    watch(page, meeting, server.url("/live.m3u8"))
    wait_until_it_plays(page, 20)
    live.restart()
    # Its numbers begin again at 0; before, the page waited for number 200.
    begin = len(server.asked)
    wait_for(lambda: "/segment5.ts" in server.asked[begin:], 20, "the new segments are loaded")
    wait_until_it_plays(page, 20)


def test_the_page_is_responsive_while_it_plays_and_many_write(
    page: Page, broadcast: Meeting
) -> None:
    reloads: list[str] = []
    check_in(page, broadcast.slug, *broadcast.employee())
    wait_until_it_plays(page, 15)
    page.on("response", lambda answer: reloads.append(answer.url))
    page.evaluate(OBSERVE_LONG_TASKS)
    with ExitStack() as stack:
        writers = [broadcast.viewer().connect(broadcast.site) for _ in range(WRITERS)]
        turns = cycle([stack.enter_context(writer) for writer in writers])
        while sum(".m3u8" in address for address in reloads) < PLAYLIST_LOADS:
            page.get_by_label("Your message").press_sequentially("type ", delay=40)
            # With the 200 ms for the keys that makes 10 in a second.
            for _ in range(2):
                next(turns).post("Good morning")
    expect(page.locator("#messages > li").filter(has_text="Good morning").last).to_be_visible()
    # Chromium reports tasks over 50 ms; the promise is 100 ms.
    assert [task for task in page.evaluate("longTasks") if task > 100] == []


def test_without_javascript_the_browser_itself_gets_the_stream(
    people: People, broadcast: Meeting
) -> None:
    page = people.come(broadcast.site, javascript=False)
    check_in(page, broadcast.slug, *broadcast.employee())
    expect(page.locator("video[controls]")).to_have_attribute("src", re.compile(r"\.m3u8$"))
    expect(page.get_by_role("link", name="open the stream itself")).to_be_visible()
    expect(page.locator("#video-bar")).to_be_hidden()

"""“Test the stream”: the report on streams of a real server, which the setting allows."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin
from tests.support.hls_server import (
    HlsServer,
    LivePlaylist,
    add_full_stream,
    hls_server,
    recorded_playlist,
)
from webapp.domain.admins.accounts import create_admin
from webapp.domain.events.embeds import Site
from webapp.domain.events.inspection import inspect_stream
from webapp.domain.events.streams import Stream
from webapp.infra.outbound import Allowed, Outbound
from webapp.pages.events.fetching import TESTS

# The pages are the same on every database: the embedded default is the quicker one.
pytestmark = pytest.mark.parametrize("settings", ["embedded"], indirect=True)


@pytest.fixture
def server() -> Iterator[HlsServer]:
    with hls_server() as server:
        yield server


@pytest.fixture
def admin(app: Flask, client: PageClient) -> PageClient:
    app.config["STREAM_TEST_ALLOW"] = "127.0.0.1"
    with app.app_context():
        add_admin()
    client.sign_in(*ADMIN)
    return client


def report_on(admin: PageClient, address: str, **fields: str) -> str:
    """Test the stream on the form of a new event, and return the text of the page."""
    page = admin.get("/admin/events/new")
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "stream_url": address} | fields
    answer = admin.post("/admin/events/test-stream", data=form)
    return text_of(answer.text).partition("Test the stream")[2] or text_of(answer.text)


def test_stream_with_languages_and_captions_is_described(
    admin: PageClient, server: HlsServer
) -> None:
    add_full_stream(server)
    report = report_on(admin, server.url("/main.m3u8"))
    for sentence in (
        "An HLS stream in 1 quality.",
        "Sound: English, Deutsch.",
        "Captions: English.",
        "A live stream.",
    ):
        assert sentence in report
    assert "What to change" not in report


def test_demo_stream_is_described_without_the_network(admin: PageClient) -> None:
    report = report_on(admin, "/demo/live.m3u8")
    assert "It has sound, in one language." in report
    assert "No captions are listed." in report
    assert "A live stream." in report
    assert "What to change" not in report


def test_plain_playlist_is_described(admin: PageClient, server: HlsServer) -> None:
    server.playlists["/a.m3u8"] = recorded_playlist
    report = report_on(admin, server.url("/a.m3u8"))
    assert "A recording: it has an end." in report
    assert "Neither sound nor captions are listed." in report


def test_hosts_that_the_test_finds_make_the_policy_of_the_event(
    app: Flask, admin: PageClient, server: HlsServer
) -> None:
    with hls_server() as other:
        server.answers["/old.m3u8"] = lambda: (302, {"Location": server.url("/live.m3u8")}, b"")
        server.playlists["/live.m3u8"] = LivePlaylist(prefix=other.url("/"))
        page = admin.get("/admin/events/new")
        token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
        values = {"csrf_token": token, "stream_url": server.url("/old.m3u8")}
        tested = admin.post("/admin/events/test-stream", data=values)
        assert f"It also comes from {other.url('')}" in text_of(tested.text)
        policy = tested.headers["Content-Security-Policy"]
        assert f"connect-src 'self' {server.url('')} {other.url('')}" in policy
        assert f">{other.url('')}</textarea>" in tested.text


def live(*lines: str) -> str:
    return "\n".join(["#EXTM3U", "#EXT-X-TARGETDURATION:4", *lines, "#EXTINF:4,", "a.ts", ""])


@pytest.mark.parametrize(
    "line",
    [
        '#EXT-X-KEY:METHOD=AES-128,URI="https://{host}/key"',
        '#EXT-X-MAP:URI="https://{host}/init.mp4"',
        '#EXT-X-PART:DURATION=1,URI="https://{host}/part.mp4"',
        "#EXTINF:4,\nhttps://{host}/b.ts",
    ],
)
def test_every_host_that_the_player_asks_is_found(
    admin: PageClient, server: HlsServer, line: str
) -> None:
    server.playlists["/live.m3u8"] = lambda: live(line.format(host="more.example.com"))
    assert "It also comes from https://more.example.com" in report_on(
        admin, server.url("/live.m3u8")
    )


@pytest.mark.parametrize(
    "host", ["a.example;script-src", "a example", "*", "u:p@a.example", "bücher.example", "a'"]
)
def test_a_playlist_does_not_change_the_policy(
    admin: PageClient, server: HlsServer, host: str
) -> None:
    server.playlists["/live.m3u8"] = lambda: live(f"#EXTINF:4,\nhttps://{host}/b.ts")
    report = report_on(admin, server.url("/live.m3u8"))
    assert "is not a host such as" in report
    assert "It also comes from" not in report


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXTINF:4,\nhttp://[::1\n",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://[x/v.m3u8\n",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n",
        "#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:yesterday\n#EXTINF:4,\na.ts\n",
    ],
)
def test_a_broken_playlist_is_explained(
    admin: PageClient, server: HlsServer, playlist: str
) -> None:
    server.playlists["/live.m3u8"] = lambda: playlist
    assert "does not follow the HLS format" in report_on(admin, server.url("/live.m3u8"))


@pytest.mark.parametrize(
    ("status", "advice"),
    [(404, "nothing at this address"), (403, "refuses this address"), (500, "with an error")],
)
def test_refusal_of_the_host_is_explained(
    admin: PageClient, server: HlsServer, status: int, advice: str
) -> None:
    server.answers["/live.m3u8"] = lambda: (status, {}, b"")
    assert advice in report_on(admin, server.url("/live.m3u8"))


def test_host_that_other_sites_may_not_read_is_named(admin: PageClient, server: HlsServer) -> None:
    server.headers = {}
    server.playlists["/live.m3u8"] = LivePlaylist()
    assert "does not let other sites play its streams" in report_on(admin, server.url("/live.m3u8"))
    server.headers = {"Access-Control-Allow-Origin": "http://localhost"}
    assert "What to change" not in report_on(admin, server.url("/live.m3u8"))


@pytest.mark.parametrize(
    "body",
    [b"<!doctype html><title>Sign in</title>", b"", b"\xff\xfe\x00", b"#EXTM3U\n#EXTINF:x,\n"],
)
def test_answer_that_is_not_a_playlist_is_explained(
    admin: PageClient, server: HlsServer, body: bytes
) -> None:
    server.answers["/live.m3u8"] = lambda: (200, {"Content-Type": "text/html"}, body)
    assert "What to change" in report_on(admin, server.url("/live.m3u8"))


@pytest.mark.parametrize(
    "headers", [{"X-Frame-Options": "DENY"}, {"Content-Security-Policy": "frame-ancestors 'self'"}]
)
def test_page_that_refuses_to_be_framed_is_explained(
    admin: PageClient, server: HlsServer, headers: dict[str, str]
) -> None:
    outbound = Outbound(Allowed.parse("127.0.0.1"))
    page = Stream("embed", server.url("/page"), server.url(""))
    server.answers["/page"] = lambda: (200, {"Content-Type": "text/html"} | headers, b"<p>")
    report = inspect_stream(page, Site(), lambda url, limit: outbound.get(url, limit=limit))
    assert "does not let other sites show it" in report.advice[0]
    server.answers["/page"] = lambda: (200, {"Content-Type": "text/html"}, b"<p>")
    report = inspect_stream(page, Site(), lambda url, limit: outbound.get(url, limit=limit))
    assert (len(report.facts), report.advice) == (1, [])


def test_internal_host_is_not_loaded_unless_it_is_allowed(
    app: Flask, admin: PageClient, server: HlsServer
) -> None:
    app.config["STREAM_TEST_ALLOW"] = ""
    report = report_on(admin, server.url("/live.m3u8"))
    assert "STREAM_TEST_ALLOW" in report
    assert server.asked == []


def test_tests_of_an_admin_are_limited_and_nothing_is_lost(
    app: Flask, admin: PageClient, server: HlsServer
) -> None:
    server.playlists["/live.m3u8"] = LivePlaylist()
    token = admin.get("/admin/events/new").text.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "stream_url": "https://zoom.us/j/1", "title": "Kept"}
    for _ in range(TESTS):
        assert admin.post("/admin/events/test-stream", data=form).status_code == 422
    refusal = admin.post(
        "/admin/events/test-stream", data=form | {"stream_url": server.url("/live.m3u8")}
    )
    assert (refusal.status_code, server.asked) == (429, [])
    assert 'value="Kept"' in refusal.text
    assert int(refusal.headers["Retry-After"]) > 0
    with app.app_context():
        create_admin("second@example.com", ADMIN[1])
    other = app.test_client()
    assert isinstance(other, PageClient)
    other.sign_in("second@example.com", ADMIN[1])
    assert "A live stream." in report_on(other, server.url("/live.m3u8"))


def test_address_that_cannot_be_shown_is_refused(admin: PageClient) -> None:
    page = admin.get("/admin/events/new")
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "stream_url": "https://zoom.us/j/1", "title": "Kept"}
    answer = admin.post("/admin/events/test-stream", data=form)
    assert answer.status_code == 422
    assert "Zoom does not let" in text_of(answer.text)
    assert 'value="Kept"' in answer.text

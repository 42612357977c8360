"""Stream addresses: what is shown, and what is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.events.streams import InvalidStream, Stream, find_stream, parse_stream

YOUTUBE = "https://www.youtube-nocookie.com"
VIMEO = "https://player.vimeo.com"


@pytest.mark.parametrize(
    ("address", "stream"),
    [
        ("/demo/live.m3u8", Stream("hls", "/demo/live.m3u8", None)),
        (
            "https://cdn.example.com:8443/a/live.m3u8?token=x",
            Stream(
                "hls",
                "https://cdn.example.com:8443/a/live.m3u8?token=x",
                "https://cdn.example.com:8443",
            ),
        ),
        (
            "http://10.0.0.5/live.M3U8",
            Stream("hls", "http://10.0.0.5/live.M3U8", "http://10.0.0.5"),
        ),
        (
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=1",
            Stream("embed", f"{YOUTUBE}/embed/dQw4w9WgXcQ", YOUTUBE),
        ),
        (
            "https://youtu.be/dQw4w9WgXcQ",
            Stream("embed", f"{YOUTUBE}/embed/dQw4w9WgXcQ", YOUTUBE),
        ),
        (
            "https://youtube.com/live/dQw4w9WgXcQ",
            Stream("embed", f"{YOUTUBE}/embed/dQw4w9WgXcQ", YOUTUBE),
        ),
        (
            "https://m.youtube.com/watch?app=m&v=dQw4w9WgXcQ",
            Stream("embed", f"{YOUTUBE}/embed/dQw4w9WgXcQ", YOUTUBE),
        ),
        (
            "https://www.youtube.com/shorts/dQw4w9WgXcQ",
            Stream("embed", f"{YOUTUBE}/embed/dQw4w9WgXcQ", YOUTUBE),
        ),
        (
            "https://www.youtube.com/embed/live_stream?channel=UCabc",
            Stream(
                "embed",
                "https://www.youtube.com/embed/live_stream?channel=UCabc",
                "https://www.youtube.com",
            ),
        ),
        ("https://player.vimeo.com/video/123456", Stream("embed", f"{VIMEO}/video/123456", VIMEO)),
        ("https://vimeo.com/123456", Stream("embed", f"{VIMEO}/video/123456", VIMEO)),
        (
            "https://vimeo.com/123456/abc123",
            Stream("embed", f"{VIMEO}/video/123456?h=abc123", VIMEO),
        ),
        (
            "https://vimeo.com/event/98765",
            Stream("embed", "https://vimeo.com/event/98765/embed", "https://vimeo.com"),
        ),
        (
            "https://vimeo.com/event/98765/abc123",
            Stream("embed", "https://vimeo.com/event/98765/embed/abc123", "https://vimeo.com"),
        ),
        (
            "HTTPS://Meet.Example.com/Room",
            Stream("embed", "HTTPS://Meet.Example.com/Room", "https://meet.example.com"),
        ),
        (
            "https://meet.example.com/room/1",
            Stream("embed", "https://meet.example.com/room/1", "https://meet.example.com"),
        ),
    ],
)
def test_an_address_becomes_what_the_page_shows(address: str, stream: Stream) -> None:
    assert parse_stream(address) == stream


@pytest.mark.parametrize(
    "address",
    [
        "",
        "live.m3u8",
        "//evil.example.com/live.m3u8",
        "/admin/",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.com/live.m3u8",
        "http://example.com/frame",
        "https://",
        "https://user:pw@example.com/",
        "https://example.com@evil.example/live.m3u8",
        "https://example.com\\@evil.example/",
        "/\\evil.example.com/live.m3u8",
        "/live.m3u8\n",
        "https://example.com/\x85",
        "https://example.com/\u202e",
        "https://example.com/\ud800",
        "https://bücher.example/live.m3u8",
        "https://example.com:80:90/",
        "https://example.com:-1/",
        "https://[::1]/live.m3u8",
        "https://www.youtube.com/@channel/live",
        "https://youtu.be/",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://example.com;script-src/",
        "https://example.com,evil/",
        "https://a;script-src.example.com/live.m3u8",
        "https://a,b.example.com/",
        "https://*.example.com/",
        "https://example.com/\r\nSet-Cookie: a=b",
        "https://example.com/'",
        "https://[::1",
        "https://" + "a" * 600,
    ],
)
def test_an_address_that_must_not_be_shown_is_refused(address: str) -> None:
    with pytest.raises(InvalidStream):
        parse_stream(address)


PIECES = [
    "https://",
    "http:",
    "//",
    "/",
    "\\",
    "@",
    ":",
    ";",
    ",",
    "'",
    "*",
    "example.com",
    "youtu.be",
]
PIECES += [
    "?v=",
    "#",
    ".m3u8",
    "%0d%0a",
    "\r\n",
    "\t",
    " ",
    "dQw4w9WgXcQ",
    "443",
    "é",
    "．",
    "vimeo.com",
]
ADDRESSES = st.text(max_size=80) | st.lists(st.sampled_from(PIECES), max_size=10).map("".join)


@given(ADDRESSES | ADDRESSES.map("https://{}".format))
def test_no_address_can_smuggle_anything_into_the_page_or_its_policy(address: str) -> None:
    try:
        stream = parse_stream(address)
    except InvalidStream:
        return
    assert stream.src.isprintable()
    if stream.origin is None:
        assert stream.kind == "hls"
        assert re.match(r"/[^/\\]", stream.src)
    else:
        assert re.fullmatch(r"https?://[a-z0-9.-]+(:\d+)?", stream.origin)
        assert stream.kind == "hls" or stream.origin.startswith("https:")


@given(ADDRESSES)
def test_a_stored_address_never_breaks_the_page(address: str) -> None:
    found = find_stream(address)
    assert found is None or found == parse_stream(address)

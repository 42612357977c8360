"""Stream addresses: what is shown, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.core.streams import InvalidStream, Stream, parse_stream

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
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://example.com;script-src/",
        "https://example.com,evil/",
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


@given(st.text(max_size=80) | st.text(max_size=60).map("https://{}".format))
def test_no_address_can_smuggle_anything_into_the_policy(address: str) -> None:
    try:
        stream = parse_stream(address)
    except InvalidStream:
        return
    assert stream.kind in ("hls", "embed")
    assert not set(stream.origin or "") & set(" ;,'\"\r\n\t*")

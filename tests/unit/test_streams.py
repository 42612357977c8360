"""Stream addresses: which are shown, and how, and which are refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.events.embeds import Site, pasted_address
from webapp.domain.events.streams import (
    InvalidStream,
    Stream,
    find_stream,
    parse_hosts,
    parse_stream,
)

YOUTUBE = "https://www.youtube-nocookie.com"
VIMEO = "https://player.vimeo.com"
TWITCH = "https://player.twitch.tv"


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
            Stream("embed", "https://Meet.Example.com/Room", "https://meet.example.com"),
        ),
        (
            "https://meet.example.com/room/1",
            Stream("embed", "https://meet.example.com/room/1", "https://meet.example.com"),
        ),
    ],
)
def test_address_becomes_the_stream_of_the_page(address: str, stream: Stream) -> None:
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
        "https://" + "a" * 4000,
    ],
)
def test_address_that_must_not_be_shown_is_refused(address: str) -> None:
    with pytest.raises(InvalidStream):
        parse_stream(address)


@pytest.mark.parametrize(
    ("address", "embedded"),
    [
        (
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ&cc_load_policy=1&hl=de&t=5",
            f"{YOUTUBE}/embed/dQw4w9WgXcQ?cc_load_policy=1&hl=de",
        ),
        (
            "https://studio.youtube.com/video/dQw4w9WgXcQ/livestreaming",
            f"{YOUTUBE}/embed/dQw4w9WgXcQ",
        ),
        (
            "https://www.youtube.com/channel/UCabcdefghijklmnopqrstuv/live",
            f"{YOUTUBE}/embed/live_stream?channel=UCabcdefghijklmnopqrstuv",
        ),
        ("https://www.youtube.com/playlist?list=PL1", f"{YOUTUBE}/embed/videoseries?list=PL1"),
        ("https://youtu.be/dQw4w9WgXcQ?si=x&hl=fr", f"{YOUTUBE}/embed/dQw4w9WgXcQ?hl=fr"),
        ("https://vimeo.com/123?h=ab12", f"{VIMEO}/video/123?h=ab12"),
        ("https://vimeo.com/manage/videos/123/ab12", f"{VIMEO}/video/123?h=ab12"),
        ("https://vimeo.com/manage/videos/123/settings", f"{VIMEO}/video/123"),
        ("https://vimeo.com/channels/staffpicks/123", f"{VIMEO}/video/123"),
        ("https://vimeo.com/groups/us/videos/123", f"{VIMEO}/video/123"),
        ("https://vimeo.com/showcase/45/video/123", f"{VIMEO}/video/123"),
        ("https://vimeo.com/showcase/45", "https://vimeo.com/showcase/45/embed"),
        ("https://vimeo.com/event/9/embed/ab12", "https://vimeo.com/event/9/embed/ab12"),
        ("https://vimeo.com/manage/events/9/production", "https://vimeo.com/event/9/embed"),
        (
            "https://player.vimeo.com/video/123?h=ab12&texttrack=de",
            f"{VIMEO}/video/123?h=ab12&texttrack=de",
        ),
        ("https://www.twitch.tv/townhall", f"{TWITCH}/?channel=townhall&parent=meet.example.com"),
        ("https://twitch.tv/videos/123", f"{TWITCH}/?video=123&parent=meet.example.com"),
        (
            "https://player.twitch.tv/?channel=townhall&parent=elsewhere.example",
            f"{TWITCH}/?channel=townhall&parent=meet.example.com",
        ),
        (
            "https://clips.twitch.tv/FunnyClip",
            "https://clips.twitch.tv/embed?clip=FunnyClip&parent=meet.example.com",
        ),
        (
            "https://www.facebook.com/acme/videos/123/",
            "https://www.facebook.com/plugins/video.php"
            "?href=https%3A%2F%2Fwww.facebook.com%2Facme%2Fvideos%2F123%2F",
        ),
        (
            "https://www.dailymotion.com/video/x8abc",
            "https://geo.dailymotion.com/player.html?video=x8abc",
        ),
        ("https://teams.microsoft.com/convene/townhalls?eventId=1", None),
        ("https://linkedin.example.com/zoom.us/j/1", None),
    ],
)
def test_page_of_a_video_service_becomes_its_embeddable_page(
    address: str, embedded: str | None
) -> None:
    stream = parse_stream(address, site=Site("meet.example.com", secure=True))
    assert (stream.kind, stream.src) == ("embed", embedded or address)
    assert stream.origin == "https://" + stream.src.split("/")[2]


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("https://zoom.us/j/123", "Zoom does not let"),
        ("https://acme.zoom.us/wc/join/123", "Zoom does not let"),
        ("https://teams.microsoft.com/l/meetup-join/19%3ameeting", "Teams does not let"),
        ("https://teams.live.com/meet/123", "Teams does not let"),
        ("https://meet.google.com/abc-defg-hij", "Google Meet does not let"),
        ("https://acme.webex.com/meet/ada", "Webex does not let"),
        ("https://acme.slack.com/huddle/T1/C1", "Slack does not let"),
        ("https://www.linkedin.com/video/live/urn:li:ugcPost:7/", "LinkedIn does not let"),
        ("https://www.instagram.com/acme/live", "Instagram does not let"),
        ("https://www.tiktok.com/@acme/live", "TikTok does not let"),
        ("https://x.com/i/broadcasts/1abc", "X does not let"),
        ("https://web.microsoftstream.com/video/1", "Microsoft Stream does not let"),
        ("https://studio.youtube.com/channel/UCabc/livestreaming", "one YouTube video"),
        ("https://www.youtube.com/@townhall/live", "one YouTube video"),
        ("https://vimeo.com/manage/videos", "one Vimeo video"),
        ("https://vimeo.com/channels/staffpicks", "one Vimeo video"),
        ("https://vimeo.com/user123", "one Vimeo video"),
        ("https://dashboard.twitch.tv/u/townhall/stream-manager", "a Twitch channel"),
        ("https://www.twitch.tv/directory", "a Twitch channel"),
        ("https://www.facebook.com/acme", "one Facebook video"),
        ("https://cdn.example.com/live/manifest.mpd", "HLS address"),
        ("https://cdn.example.com/x.ism/manifest(format=mpd-time-csf)", "HLS address"),
        ("https://cdn.example.com/live.mpd;session=1", "HLS address"),
        ("https://cdn.example.com/play?file=live.MPD&token=x", "HLS address"),
        ("https://cdn.example.com/manifest?format=mpd", "HLS address"),
        ("https://cdn.example.com/live.ts", "cannot play this kind"),
        ("https://cdn.example.com/live.flv?key=1", "cannot play this kind"),
        ("https://cdn.example.com/radio.m3u", "cannot play this kind"),
        ("https://cdn.example.com/live.isml/Manifest", "cannot play this kind"),
        ("rtp://ingest.example.com:5004", "playback address"),
        ("rtmp://ingest.example.com/live/key", "playback address"),
        ("srt://ingest.example.com:9000", "playback address"),
        ("http://cdn.example.com/live.m3u8", "over https"),
    ],
)
def test_address_that_cannot_be_shown_is_refused_with_advice(address: str, advice: str) -> None:
    with pytest.raises(InvalidStream, match=advice):
        parse_stream(address, site=Site("meet.example.com", secure=True))


@pytest.mark.parametrize(
    "address",
    [
        "https://www.linkedin.com/embed/feed/update/urn:li:ugcPost:7",
        "https://www.instagram.com/p/abc/embed",
        "https://www.tiktok.com/embed/v2/7",
        "https://web.microsoftstream.com/embed/video/1",
        "https://netflix.com/x",
    ],
)
def test_page_that_may_be_framed_stays_as_it_is(address: str) -> None:
    assert parse_stream(address) == Stream("embed", address, "https://" + address.split("/")[2])


@pytest.mark.parametrize(
    "address",
    [
        "https://x.streaming.example.com/id/x.ism/manifest(format=m3u8-cmaf)",
        "https://cdn.example.com/play?file=live.m3u8",
        "https://cdn.example.com/live/chunklist.m3u8;session=1",
        "https://cdn.example.com/LIVE.M3U8?token=a/b",
        "/demo/live.m3u8?again=1",
    ],
)
def test_playlist_is_recognised_wherever_its_address_says_m3u8(address: str) -> None:
    assert parse_stream(address).kind == "hls"


def test_player_that_is_given_a_playlist_is_a_page() -> None:
    address = "https://player.example.com/embed?src=https%3A%2F%2Fcdn.example.com%2Flive.m3u8"
    assert parse_stream(address).kind == "embed"


def test_kind_that_an_admin_chose_counts() -> None:
    address = "https://cdn.example.com/live/12345"
    assert [parse_stream(address, kind).kind for kind in ("", "hls", "embed")] == [
        "embed",
        "hls",
        "embed",
    ]


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("", []),
        ("cdn.example.com", ["https://cdn.example.com"]),
        (
            "https://a.example.com:8443/, *.b.example.com\nHTTP://C.example.com a.example.com:8443",
            [
                "https://a.example.com:8443",
                "https://*.b.example.com",
                "http://c.example.com",
            ],
        ),
    ],
)
def test_further_hosts_become_sources_of_the_policy(text: str, sources: list[str]) -> None:
    assert parse_hosts(text) == sources


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "https://*",
        "*.com",
        "'self'",
        "a.example.com;",
        "data:",
        "https://a/b",
        "a_b.c",
        "[::1]",
    ],
)
def test_further_host_that_would_open_the_policy_is_refused(text: str) -> None:
    with pytest.raises(InvalidStream, match="is not a host"):
        parse_hosts(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (
            '<iframe src="https://a.example.com/e?x=1&amp;y=2"></iframe>',
            "https://a.example.com/e?x=1&y=2",
        ),
        ("<div><IFRAME title=\"v\" SRC='//a.example.com/e'></div>", "https://a.example.com/e"),
        ("<iframe></iframe>", "<iframe></iframe>"),
        ("https://a.example.com/", "https://a.example.com/"),
    ],
)
def test_embed_code_gives_the_address_of_its_frame(text: str, address: str) -> None:
    assert pasted_address(text) == address


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
def test_no_address_changes_the_page_or_its_policy(address: str) -> None:
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
def test_stored_address_never_breaks_the_page(address: str) -> None:
    found = find_stream(address)
    assert found is None or found == parse_stream(address)

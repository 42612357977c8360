"""Pages of video services: the address under which each of them can be shown in a frame."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import SplitResult, parse_qs, quote, urlencode

from webapp.errors import Invalid

YOUTUBE = "https://www.youtube-nocookie.com/embed"
# The two exceptions stand in the place of an id where a channel or a list is embedded.
YOUTUBE_ID = r"(?!live_stream|videoseries)[A-Za-z0-9_-]{11}"
YOUTUBE_VIDEO = re.compile(rf"/(?:live|embed|shorts|video|v)/({YOUTUBE_ID})(?:/.*)?")
YOUTUBE_CHANNEL = re.compile(r"/channel/(UC[A-Za-z0-9_-]{22})(?:/.*)?")
# Captions and the language of the player.
YOUTUBE_KEPT = ("cc_load_policy", "cc_lang_pref", "hl")

VIMEO_EVENT = re.compile(r"/(?:manage/)?events?/([0-9]{1,12})(?:/embed)?(?:/([0-9a-f]+))?(?:/.*)?")
VIMEO_VIDEO = re.compile(
    r"(?:/manage/videos|/channels/[\w-]+|/groups/[\w-]+/videos|/(?:album|showcase)/\d+/video|/video)?"
    r"/([0-9]{1,12})(?:/([0-9a-f]+))?(?:/.*)?"
)
VIMEO_SHOWCASE = re.compile(r"/showcase/([0-9]{1,12})(?:/embed)?/?")

TWITCH_CHANNEL = re.compile(r"/(\w{3,25})/?")
TWITCH_VIDEO = re.compile(r"/(?:\w+/v|videos)/([0-9]+)/?")
FACEBOOK_VIDEO = re.compile(r"/(?:watch/?|[^/]+/videos/.+|live/.+)")
DAILYMOTION_VIDEO = re.compile(r"(?:/embed)?/video/(\w+).*|/(\w+)/?")

# Meeting rooms refuse to be framed, and viewers would need accounts there.
MEETINGS = {
    "zoom.us": "Zoom",
    "zoom.com": "Zoom",
    "zoomgov.com": "Zoom",
    "teams.microsoft.com": "Teams",
    "teams.live.com": "Teams",
    "meet.google.com": "Google Meet",
    "webex.com": "Webex",
    "gotomeeting.com": "GoTo",
    "gotowebinar.com": "GoTo",
    "meet.goto.com": "GoTo",
    "ringcentral.com": "RingCentral",
    "chime.aws": "Chime",
    "slack.com": "Slack",
    "discord.com": "Discord",
}
# Services whose pages refuse to be framed, and the path of those that do not.
CLOSED = {
    "linkedin.com": ("LinkedIn", "/embed/"),
    "instagram.com": ("Instagram", "/embed"),
    "tiktok.com": ("TikTok", "/embed/"),
    "x.com": ("X", ""),
    "twitter.com": ("X", ""),
    "web.microsoftstream.com": ("Microsoft Stream", "/embed/"),
}


@dataclass(frozen=True)
class Site:
    """The site that shows the stream: host name, whether it is served over https, and origin."""

    host: str = "localhost"
    secure: bool = False
    origin: str = "http://localhost"


def embed_address(url: SplitResult, site: Site) -> str:
    """Return the address to show in a frame for the page at `url`.

    Raises `Invalid` for a page that refuses to be framed, and says what to paste instead.
    """
    host = (url.hostname or "").removeprefix("www.")
    for domain, name in MEETINGS.items():
        # Teams offers town halls to be embedded, unlike its meetings.
        if _belongs(host, domain) and not url.path.startswith("/convene/"):
            raise Invalid(
                "%(name)s does not let its meetings be shown on another page. Stream the meeting to"
                " a video service, such as YouTube or Vimeo, and paste the address of the video"
                " there.",
                name=name,
            )
    for domain, (name, frame) in CLOSED.items():
        if _belongs(host, domain) and not (frame and frame in url.path):
            raise Invalid(
                "%(name)s does not let this page be shown on another one. Paste the embed code of"
                " the video if %(name)s offers one, or stream to YouTube or Vimeo as well.",
                name=name,
            )
    for domain, rewrite in SERVICES.items():
        if _belongs(host, domain):
            return rewrite(url, site)
    return url.geturl()


def pasted_address(text: str) -> str:
    """Return the `src` of the first `<iframe>` in `text`, or `text` itself if it has none."""
    if "<" not in text:
        return text
    finder = _FrameFinder()
    finder.feed(text)
    address = finder.src or text
    return f"https:{address}" if address.startswith("//") else address


class _FrameFinder(HTMLParser):
    src = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "iframe" and not self.src:
            self.src = (dict(attrs).get("src") or "").strip()


def _belongs(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _youtube(url: SplitResult, _site: Site) -> str:
    query = parse_qs(url.query)
    if url.path in ("/embed/live_stream", "/embed/videoseries"):
        return url.geturl()
    kept = {name: query[name][0] for name in YOUTUBE_KEPT if name in query}
    if video := _youtube_video(url, query):
        return _with_query(f"{YOUTUBE}/{video}", kept)
    if channel := YOUTUBE_CHANNEL.fullmatch(url.path):
        return _with_query(f"{YOUTUBE}/live_stream", {"channel": channel[1]} | kept)
    if url.path == "/playlist" and "list" in query:
        return _with_query(f"{YOUTUBE}/videoseries", {"list": query["list"][0]} | kept)
    raise Invalid("Paste the address of one YouTube video, as its Share button gives it.")


def _youtube_video(url: SplitResult, query: dict[str, list[str]]) -> str | None:
    if _belongs(url.hostname or "", "youtu.be"):
        found = re.fullmatch(YOUTUBE_ID, url.path.strip("/"))
        return found[0] if found else None
    if url.path == "/watch":
        found = re.fullmatch(YOUTUBE_ID, query.get("v", [""])[0])
        return found[0] if found else None
    found = YOUTUBE_VIDEO.fullmatch(url.path)
    return found[1] if found else None


def _vimeo(url: SplitResult, _site: Site) -> str:
    if event := VIMEO_EVENT.fullmatch(url.path):
        secret = f"/{event[2]}" if event[2] else ""
        return f"https://vimeo.com/event/{event[1]}/embed{secret}"
    if showcase := VIMEO_SHOWCASE.fullmatch(url.path):
        return f"https://vimeo.com/showcase/{showcase[1]}/embed"
    video = VIMEO_VIDEO.fullmatch(url.path)
    if not video:
        raise Invalid(
            "Paste the address of one Vimeo video or event, as its Share button gives it."
        )
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    secret = video[2] or query.get("h", "")
    kept = {"h": secret} if re.fullmatch("[0-9a-f]+", secret) else {}
    if _belongs(url.hostname or "", "player.vimeo.com"):
        kept = query | kept
    return _with_query(f"https://player.vimeo.com/video/{video[1]}", kept)


def _twitch(url: SplitResult, site: Site) -> str:
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    parent = {"parent": site.host}
    if url.hostname in ("player.twitch.tv", "embed.twitch.tv"):
        return _with_query("https://player.twitch.tv/", query | parent)
    if url.hostname == "clips.twitch.tv":
        clip = query.get("clip") or url.path.strip("/")
        return _with_query("https://clips.twitch.tv/embed", {"clip": clip} | parent)
    if url.hostname in ("twitch.tv", "www.twitch.tv", "m.twitch.tv", "go.twitch.tv"):
        if video := TWITCH_VIDEO.fullmatch(url.path):
            return _with_query("https://player.twitch.tv/", {"video": video[1]} | parent)
        channel = TWITCH_CHANNEL.fullmatch(url.path)
        if channel and channel[1] not in ("directory", "videos", "settings", "downloads"):
            return _with_query("https://player.twitch.tv/", {"channel": channel[1]} | parent)
    raise Invalid("Paste the address of a Twitch channel or video, such as twitch.tv/name.")


def _facebook(url: SplitResult, _site: Site) -> str:
    if url.path.startswith("/plugins/"):
        return url.geturl()
    if not FACEBOOK_VIDEO.fullmatch(url.path):
        raise Invalid("Paste the address of one Facebook video, or its embed code.")
    return f"https://www.facebook.com/plugins/video.php?href={quote(url.geturl(), safe='')}"


def _dailymotion(url: SplitResult, _site: Site) -> str:
    if url.path.startswith("/player"):
        return url.geturl()
    found = DAILYMOTION_VIDEO.fullmatch(url.path)
    if not found:
        raise Invalid("Paste the address of one Dailymotion video.")
    return f"https://geo.dailymotion.com/player.html?video={found[1] or found[2]}"


def _with_query(address: str, query: dict[str, str]) -> str:
    return f"{address}?{urlencode(query)}" if query else address


SERVICES: dict[str, Callable[[SplitResult, Site], str]] = {
    "youtube.com": _youtube,
    "youtube-nocookie.com": _youtube,
    "youtu.be": _youtube,
    "vimeo.com": _vimeo,
    "twitch.tv": _twitch,
    "facebook.com": _facebook,
    "dailymotion.com": _dailymotion,
    "dai.ly": _dailymotion,
}

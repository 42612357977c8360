"""Stream addresses: what an admin may enter, and what the live page makes of it."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, urlsplit

from webapp.core.errors import Invalid

# The origin becomes part of the Content-Security-Policy, so nothing else may hide in it.
HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
UNSAFE = re.compile(r"[\x00-\x20\x7f\"'<>\\^`{|}]")

YOUTUBE_HOSTS = {"youtube.com", "www.youtube.com", "m.youtube.com", "www.youtube-nocookie.com"}
YOUTUBE_PATH = re.compile(r"/(?:live|embed|shorts)/([\w-]{6,20})/?")
YOUTUBE_ID = re.compile(r"[\w-]{6,20}")
VIMEO_HOSTS = {"vimeo.com", "www.vimeo.com"}
VIMEO_PATH = re.compile(r"/(event/)?(\d{1,12})(?:/([0-9a-f]+))?/?")


class InvalidStream(Invalid):
    message = "A stream address begins with https:// (or is a path on this site)."


@dataclass(frozen=True)
class Stream:
    """What the live page shows: `kind` is `hls` (a video element) or `embed` (a frame).

    `origin` is where it comes from, for the Content-Security-Policy; None for this site.
    """

    kind: str
    src: str
    origin: str | None


def parse_stream(address: str) -> Stream:
    """What to show for an address. Raises `InvalidStream` for one that must not be shown."""
    if UNSAFE.search(address) or len(address) > 500:
        raise InvalidStream("A stream address has no spaces, quotes or line ends.")
    if re.match(r"/(?!/)", address):
        return _own_stream(address)
    url = _split(address)
    if url.path.lower().endswith(".m3u8"):
        return Stream("hls", address, _origin(url))
    if url.scheme != "https":
        raise InvalidStream
    embed = _youtube(url) or _vimeo(url) or address
    return Stream("embed", embed, _origin(urlsplit(embed)))


def find_stream(address: str) -> Stream | None:
    """The same for an address that is stored already: None where there is nothing to show."""
    try:
        return parse_stream(address)
    except InvalidStream:
        return None


def _own_stream(path: str) -> Stream:
    if not urlsplit(path).path.lower().endswith(".m3u8"):
        raise InvalidStream("A path on this site must lead to an HLS playlist (.m3u8).")
    return Stream("hls", path, None)


def _split(address: str) -> SplitResult:
    try:
        url = urlsplit(address)
        # Reading the port is what checks it.
        if url.port == 0 or "@" in url.netloc or not HOST.fullmatch(url.hostname or ""):
            raise InvalidStream
    except ValueError:
        raise InvalidStream from None
    if url.scheme not in ("http", "https"):
        raise InvalidStream
    return url


def _origin(url: SplitResult) -> str:
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{url.hostname}{port}"


def _youtube(url: SplitResult) -> str | None:
    video = None
    if url.hostname == "youtu.be":
        video = url.path.strip("/")
    elif url.hostname in YOUTUBE_HOSTS:
        found = YOUTUBE_PATH.fullmatch(url.path)
        video = found[1] if found else parse_qs(url.query).get("v", [""])[0]
    if not video or not YOUTUBE_ID.fullmatch(video):
        return None
    return f"https://www.youtube-nocookie.com/embed/{video}"


def _vimeo(url: SplitResult) -> str | None:
    found = VIMEO_PATH.fullmatch(url.path) if url.hostname in VIMEO_HOSTS else None
    if not found:
        return None
    event, video, secret = found.groups()
    if event:
        return f"https://vimeo.com/event/{video}/embed"
    return f"https://player.vimeo.com/video/{video}" + (f"?h={secret}" if secret else "")

"""Stream addresses: what an admin may enter, and what the live page makes of it."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, parse_qs, urlsplit

from webapp.errors import Invalid

# The origin becomes part of the Content-Security-Policy, so nothing else may hide in it.
HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
UNSAFE = frozenset(" \"'<>\\^`{|}")

YOUTUBE_HOSTS = frozenset(
    ("youtu.be", "youtube.com", "www.youtube.com", "m.youtube.com", "www.youtube-nocookie.com")
)
# The two exceptions stand in the place of an id where a channel or a list is embedded.
YOUTUBE_ID = re.compile(r"(?!live_stream|videoseries)[A-Za-z0-9_-]{11}")
YOUTUBE_PATH = re.compile(rf"/(?:live|embed|shorts)/({YOUTUBE_ID.pattern})/?")
VIMEO_HOSTS = frozenset(("vimeo.com", "www.vimeo.com"))
VIMEO_PATH = re.compile(r"/(event/)?([0-9]{1,12})(?:/([0-9a-f]+))?/?")


class InvalidStream(Invalid):
    message = "A stream address begins with https:// (or is a path on this site)."


@dataclass(frozen=True)
class Stream:
    """What the live page shows: `kind` is `hls` (a video element) or `embed` (a frame).

    `origin` is where it comes from, for the Content-Security-Policy; None for this site.
    """

    kind: Literal["hls", "embed"]
    src: str
    origin: str | None


def parse_stream(address: str) -> Stream:
    """What to show for an address. Raises `InvalidStream` for one that must not be shown."""
    if len(address) > 500:
        raise InvalidStream("A stream address has at most 500 characters.")
    if not address.isprintable() or not UNSAFE.isdisjoint(address):
        raise InvalidStream("A stream address has no spaces, quotes or invisible characters.")
    if re.match(r"/(?!/)", address):
        return _own_stream(address)
    url = _split(address)
    if url.path.lower().endswith(".m3u8"):
        return Stream("hls", address, _origin(url))
    if url.scheme != "https":
        raise InvalidStream("A page is shown from an https:// address only.")
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
        readable = url.port != 0
    except ValueError:
        raise InvalidStream from None
    if not readable or url.scheme not in ("http", "https"):
        raise InvalidStream
    if "@" in url.netloc:
        raise InvalidStream("A stream address has no user name or password: viewers would see it.")
    if not HOST.fullmatch(url.hostname or ""):
        raise InvalidStream("The host of a stream address has only a-z, digits, dots and hyphens.")
    return url


def _origin(url: SplitResult) -> str:
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{url.hostname}{port}"


def _youtube(url: SplitResult) -> str | None:
    if url.hostname not in YOUTUBE_HOSTS:
        return None
    video = _youtube_id(url)
    if video:
        return f"https://www.youtube-nocookie.com/embed/{video}"
    if url.path.startswith("/embed/"):
        return None
    # YouTube's other pages refuse to be framed.
    raise InvalidStream("Enter the address of one YouTube video, as its Share button gives it.")


def _youtube_id(url: SplitResult) -> str | None:
    if url.hostname == "youtu.be":
        found = YOUTUBE_ID.fullmatch(url.path.strip("/"))
    elif url.path == "/watch":
        found = YOUTUBE_ID.fullmatch(parse_qs(url.query).get("v", [""])[0])
    else:
        found = YOUTUBE_PATH.fullmatch(url.path)
    return found[found.lastindex or 0] if found else None


def _vimeo(url: SplitResult) -> str | None:
    found = VIMEO_PATH.fullmatch(url.path) if url.hostname in VIMEO_HOSTS else None
    if not found:
        return None
    event, video, secret = found.groups()
    if event:
        return f"https://vimeo.com/event/{video}/embed" + (f"/{secret}" if secret else "")
    return f"https://player.vimeo.com/video/{video}" + (f"?h={secret}" if secret else "")

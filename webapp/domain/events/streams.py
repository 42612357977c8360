"""Stream addresses: which of them an admin may enter, and what the live page shows for each."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from webapp.domain.events.embeds import Site, embed_address
from webapp.domain.models import STREAM_HOSTS_LENGTH, STREAM_URL_LENGTH
from webapp.errors import Invalid
from webapp.i18n import lazy

Kind = Literal["hls", "embed"]

# The origin becomes part of the Content-Security-Policy, so nothing else may hide in it.
LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
HOST = re.compile(rf"{LABEL}(\.{LABEL})*")
# The scheme is optional; `*.example.com` stands for every host below example.com.
FURTHER_HOST = re.compile(rf"(?:(https?)://)?((?:\*\.{LABEL}\.)?{HOST.pattern}(?::\d{{1,5}})?)/?")
UNSAFE = frozenset(" \"'<>\\^`{|}")
# live.mpd, live.mpd;session=1, manifest(format=mpd-time-cmaf), manifest?format=mpd.
DASH = re.compile(r"\.mpd\b|format=mpd\b")
# MPEG transport streams, Flash, playlists of radio stations, and Smooth Streaming, to whose address
# Azure and Wowza add `(format=m3u8-cmaf)` or `/playlist.m3u8` for HLS.
UNPLAYABLE = re.compile(r"\.(?:ts|flv|f4m|m3u|pls)$|\.isml?(?:/manifest)?$")
INGEST = ("rtmp", "rtmps", "rtsp", "srt", "rist", "udp", "whip", "rtp", "mms", "ndi")


class InvalidStream(Invalid):
    form_field = "stream_url"
    text = lazy("A stream address begins with https:// (or is a path on this site).")


class InvalidHosts(InvalidStream):
    form_field = "stream_hosts"


@dataclass(frozen=True)
class Stream:
    """The video of a live page: `kind` is `hls` (a video element) or `embed` (a frame).

    `origin` is its source for the Content-Security-Policy; None for this site.
    """

    kind: Kind
    src: str
    origin: str | None


def parse_stream(address: str, kind: str = "", site: Site | None = None) -> Stream:
    """Return the stream at `address`, which `site` shows (None: any).

    Without a `kind` the address says whether it is a playlist or a page. Raises `InvalidStream`.
    """
    if len(address) > STREAM_URL_LENGTH:
        raise InvalidStream(
            "A stream address has at most %(most)s characters.", most=STREAM_URL_LENGTH
        )
    if not address.isprintable() or not UNSAFE.isdisjoint(address):
        raise InvalidStream("A stream address has no spaces, quotes or invisible characters.")
    if re.match(r"/(?!/)", address):
        return _own_stream(address)
    url = _split(address)
    if site and site.secure and url.scheme == "http":
        raise InvalidStream(
            "This site is served over https, so browsers block a stream over http://."
            " Use its https:// address."
        )
    if (kind or _kind_of(url)) == "hls":
        return Stream("hls", address, _origin(url))
    return _embed(url, site or Site())


def find_stream(address: str, kind: str = "", site: Site | None = None) -> Stream | None:
    """Return the stream at an address that is stored already; None if it cannot be shown."""
    try:
        return parse_stream(address, kind, site)
    except InvalidStream:
        return None


def parse_hosts(text: str) -> list[str]:
    """Return the sources that `text` lists, separated by white space or commas, each once.

    Raises `InvalidHosts` for anything that is not a host or an origin.
    """
    words = text.lower().replace(",", " ").split()
    unique = list(dict.fromkeys(map(parse_host, words)))
    if len(" ".join(unique)) > STREAM_HOSTS_LENGTH:
        raise InvalidHosts("There are too many further hosts. Use *.example.com for a group.")
    return unique


def parse_host(word: str) -> str:
    """Return the source for a host or an origin. Raises `InvalidHosts` for anything else."""
    found = FURTHER_HOST.fullmatch(word)
    if not found:
        raise InvalidHosts("“%(word)s” is not a host such as cdn.example.com.", word=word[:80])
    return f"{found[1] or 'https'}://{found[2]}"


def _own_stream(path: str) -> Stream:
    if ".m3u8" not in urlsplit(path).path.lower():
        raise InvalidStream("A path on this site must lead to an HLS playlist (.m3u8).")
    return Stream("hls", path, None)


def _split(address: str) -> SplitResult:
    try:
        url = urlsplit(address)
        # `urlsplit` checks the port when it is read.
        valid = url.port != 0
    except ValueError:
        raise InvalidStream from None
    if url.scheme in INGEST:
        raise InvalidStream(
            "%(scheme)s:// is the address that an encoder sends to."
            " Paste the playback address, which begins with https://.",
            scheme=url.scheme,
        )
    if not valid or url.scheme not in ("http", "https"):
        raise InvalidStream
    if "@" in url.netloc:
        raise InvalidStream("A stream address has no user name or password: viewers would see it.")
    if not HOST.fullmatch(url.hostname or ""):
        raise InvalidStream("The host of a stream address has only a-z, digits, dots and hyphens.")
    return url


def _kind_of(url: SplitResult) -> Kind:
    # `manifest(format=m3u8-cmaf)`, `chunklist.m3u8;session=1`, `play?file=live.m3u8`. A player's
    # page that is given a whole address to play is a page.
    path, query = url.path.lower(), url.query.lower()
    is_player = path.endswith((".html", ".htm")) or "//" in query or "%2f%2f" in query
    if DASH.search(path) or (DASH.search(query) and not is_player):
        raise InvalidStream(
            "This is a DASH stream (.mpd), which this page cannot play."
            " Paste the HLS address (.m3u8) of the same stream."
        )
    if UNPLAYABLE.search(path):
        raise InvalidStream(
            "Browsers cannot play this kind of stream. Paste its HLS address (.m3u8), or that of a"
            " page that shows it."
        )
    if "m3u8" in path or ("m3u8" in query and not is_player):
        return "hls"
    return "embed"


def _embed(url: SplitResult, site: Site) -> Stream:
    if url.scheme != "https":
        raise InvalidStream("A page is shown from an https:// address only.")
    try:
        address = embed_address(url, site)
    except Invalid as refusal:
        raise InvalidStream(refusal.message) from None
    return Stream("embed", address, _origin(urlsplit(address)))


def _origin(url: SplitResult) -> str:
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{url.hostname}{port}"

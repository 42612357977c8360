"""Test a stream before the meeting: its kind, sound, captions and hosts, and what to change."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import m3u8

from webapp.domain.events.embeds import Site
from webapp.domain.events.streams import InvalidHosts, Stream, parse_host
from webapp.i18n import gettext as _
from webapp.i18n import lazy, ngettext
from webapp.infra.outbound import Fetched, InternalAddressError, OutboundError

# `get(address, limit)` fetches the beginning of an answer.
Get = Callable[[str, int], Fetched]

PLAYLIST_BYTES = 1024 * 1024
SEGMENT_BYTES = 16 * 1024
PLAYLIST_TYPES = ("application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl")
SOUND_CODECS = ("mp4a", "ac-3", "ec-3", "opus", "flac", "fLaC", "Opus")
# The m3u8 library raises these for text that it does not expect.
UNREADABLE = (ValueError, KeyError, IndexError, TypeError, AttributeError, m3u8.ParseError)
NOT_LISTED = lazy(
    "Neither sound nor captions are listed. The player below shows whether there is sound."
)
UNREADABLE_PLAYLIST = lazy("The playlist cannot be read: it does not follow the HLS format.")


@dataclass
class Report:
    """The findings about a stream. `hosts` are sources that its address does not name.

    `captions` is None where the stream does not list whether it has any.
    """

    facts: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    captions: bool | None = None

    @property
    def answers(self) -> bool:
        """Return True if something was found at the address that can be shown."""
        return bool(self.facts)


def inspect_stream(stream: Stream, site: Site, get: Get) -> Report:
    """Load the beginning of the stream and report on it. Failures are advice, never raised."""
    inspection = _Inspection(site, get, own=stream.origin or site.origin)
    try:
        if stream.kind == "hls":
            inspection.read_hls(urljoin(site.origin, stream.src))
        else:
            inspection.read_page(stream.src)
    except InternalAddressError as error:
        inspection.advise(
            _(
                "%(error)s This server does not load it, unless the setting STREAM_TEST_ALLOW"
                " names it. The player below shows whether your browser can.",
                error=error,
            )
        )
    except OutboundError as error:
        inspection.advise(str(error))
    except UNREADABLE:
        # The library looks at some addresses and values only when they are asked for.
        inspection.advise(str(UNREADABLE_PLAYLIST))
    return inspection.report


class _Inspection:
    def __init__(self, site: Site, get: Get, own: str) -> None:
        self.report = Report()
        self._site = site
        self._get = get
        self._own = own

    def advise(self, sentence: str) -> None:
        if sentence not in self.report.advice:
            self.report.advice.append(sentence)

    def read_hls(self, address: str) -> None:
        playlist = self._load_playlist(address)
        if playlist is None:
            return
        if playlist.is_variant:
            self._read_variants(playlist)
        else:
            self._read_media(playlist)
            self._fact(str(NOT_LISTED))

    def read_page(self, address: str) -> None:
        answer = self._load(address, PLAYLIST_BYTES, cors=False)
        if answer is None:
            return
        if answer.content_type in PLAYLIST_TYPES:
            self.advise(_("This is an HLS playlist: choose that kind of stream."))
        elif _may_be_framed(answer, self._site):
            self._fact(_("A page that may be shown in a frame. Sound and captions are up to it."))
        else:
            self.advise(
                _(
                    "This page does not let other sites show it in a frame. Paste the address of"
                    " its embed code instead."
                )
            )

    def _read_variants(self, playlist: m3u8.M3U8) -> None:
        media = [m for m in playlist.media if m.type in ("AUDIO", "SUBTITLES", "CLOSED-CAPTIONS")]
        self._fact(
            ngettext(
                "An HLS stream in %(count)s quality.",
                "An HLS stream in %(count)s qualities.",
                len(playlist.playlists),
            )
        )
        self._fact(_sound(playlist, [m for m in media if m.type == "AUDIO"]))
        captions = [m.name or m.language for m in media if m.type != "AUDIO"]
        self.report.captions = bool(captions)
        self._fact(
            _("Captions: %(names)s.", names=", ".join(captions))
            if captions
            else _("No captions are listed.")
        )
        self._read_keys(playlist.session_keys)
        addresses = [playlist.playlists[0].absolute_uri, *_first_of_each_type(media)]
        for address in addresses:
            if nested := self._load_playlist(address):
                self._read_media(nested)
        self._note_hosts(entry.absolute_uri for entry in (*playlist.playlists, *media) if entry.uri)

    def _read_media(self, playlist: m3u8.M3U8) -> None:
        self._fact(_("A recording: it has an end.") if playlist.is_endlist else _("A live stream."))
        self._read_keys(playlist.keys)
        pieces = [part for segment in playlist.segments for part in segment.parts]
        parts = [*playlist.segments, *playlist.segment_map, *pieces]
        self._note_hosts(part.absolute_uri for part in parts)
        if not playlist.segments:
            self.advise(_("The playlist is empty so far. Test again when the encoder is sending."))
        else:
            self._load(playlist.segments[-1].absolute_uri, SEGMENT_BYTES)

    def _read_keys(self, keys: Iterable[m3u8.Key | None]) -> None:
        named = [key for key in keys if key and key.uri]
        if any(map(_is_drm, named)):
            self.advise(_("The stream is protected (DRM), which this page cannot play."))
        self._note_hosts(key.absolute_uri for key in named)

    def _load_playlist(self, address: str) -> m3u8.M3U8 | None:
        answer = self._load(address, PLAYLIST_BYTES)
        if answer is None:
            return None
        text = answer.body.decode("utf-8", "replace")
        if not text.lstrip("\ufeff").startswith("#EXTM3U"):
            kind = answer.content_type or _("something else")
            self.advise(_("There is no HLS playlist at this address, but %(kind)s.", kind=kind))
            return None
        try:
            return m3u8.loads(text, uri=answer.url)
        except UNREADABLE:
            self.advise(str(UNREADABLE_PLAYLIST))
            return None

    def _load(self, address: str, limit: int, *, cors: bool = True) -> Fetched | None:
        answer = self._get(address, limit)
        self._note_hosts(answer.hops)
        if answer.status not in (200, 206):
            self.advise(_refusal(answer))
            return None
        if cors and not _may_be_read(answer, self._site):
            self.advise(
                _(
                    "%(host)s does not let other sites play its streams (CORS)."
                    " Ask the provider to allow %(origin)s.",
                    host=urlsplit(answer.url).netloc,
                    origin=self._site.origin,
                )
            )
        return answer

    def _note_hosts(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            parts = urlsplit(address)
            source = f"{parts.scheme}://{parts.netloc.lower()}"
            known = (self._own, self._site.origin, *self.report.hosts)
            # Keys may be `data:` or `skd:`.
            if source in known or parts.scheme not in ("http", "https"):
                continue
            try:
                # They become part of the policy of the page, in which nothing else may hide.
                self.report.hosts.append(parse_host(source))
            except InvalidHosts as refusal:
                self.advise(refusal.message)
            if self._site.secure and parts.scheme == "http":
                self.advise(
                    _(
                        "%(source)s is not encrypted, so browsers block it on this site.",
                        source=source,
                    )
                )

    def _fact(self, sentence: str) -> None:
        if sentence not in self.report.facts:
            self.report.facts.append(sentence)


def _sound(playlist: m3u8.M3U8, renditions: list[m3u8.Media]) -> str:
    if renditions:
        names = list(dict.fromkeys(m.name or m.language for m in renditions))
        return _("Sound: %(names)s.", names=", ".join(names))
    codecs = " ".join(variant.stream_info.codecs or "" for variant in playlist.playlists)
    if any(codec in codecs for codec in SOUND_CODECS):
        return _("It has sound, in one language.")
    return _("No sound is listed.") if codecs.strip() else str(NOT_LISTED)


def _first_of_each_type(media: list[m3u8.Media]) -> Iterator[str]:
    seen = set()
    for entry in media:
        if entry.uri and entry.type not in seen:
            seen.add(entry.type)
            yield entry.absolute_uri


def _is_drm(key: m3u8.Key) -> bool:
    return (key.method or "").startswith("SAMPLE-AES")


def _refusal(answer: Fetched) -> str:
    host, status = urlsplit(answer.url).netloc, answer.status
    if status in (401, 403):
        return _(
            "%(host)s refuses this address (%(status)d). A signed address may have expired, or"
            " the stream may be limited to other sites or countries.",
            host=host,
            status=status,
        )
    if status in (404, 410):
        return _(
            "%(host)s has nothing at this address (%(status)d)."
            " If the encoder has not started yet, test again when it is sending.",
            host=host,
            status=status,
        )
    return _("%(host)s answers with an error (%(status)d).", host=host, status=status)


def _may_be_read(answer: Fetched, site: Site) -> bool:
    """Return whether a browser lets scripts of the site read the answer."""
    parts = urlsplit(answer.url)
    if f"{parts.scheme}://{parts.netloc.lower()}" == site.origin:
        return True
    return answer.headers.get("Access-Control-Allow-Origin", "").strip() in ("*", site.origin)


def _may_be_framed(answer: Fetched, site: Site) -> bool:
    """Return whether a browser shows the page in a frame of the site."""
    policy = answer.headers.get("Content-Security-Policy", "")
    for directive in policy.replace(",", ";").split(";"):
        name, *sources = directive.split() or [""]
        if name.lower() == "frame-ancestors":
            return any(_matches(source, site) for source in sources)
    return answer.headers.get("X-Frame-Options", "").strip().lower() in ("", "allowall")


def _matches(source: str, site: Site) -> bool:
    if source in ("*", "https:", "http:"):
        return source == "*" or site.origin.startswith(source)
    host = source.partition("://")[2] or source
    host = host.rstrip("/").partition(":")[0].lower()
    return host == site.host or (host.startswith("*.") and site.host.endswith(host[1:]))

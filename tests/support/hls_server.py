"""A real HTTP server of HLS streams, made of the demo's segments, on loopback."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from webapp.infra.settings import ROOT

SEGMENTS = 8
SECONDS = 3
PLAYLIST = "application/vnd.apple.mpegurl"
CAPTIONS = "WEBVTT\n\n00:00:00.000 --> 10:00:00.000\nGood morning, everybody\n"

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class HlsServer:
    """Serves `/segment<n>.ts`, `/captions.vtt` and the playlists in `playlists`, by path.

    An entry of `answers` replaces whatever is at that path.
    """

    port: int = 0
    playlists: dict[str, Callable[[], str]] = field(default_factory=dict)
    answers: dict[str, Callable[[], Answer]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=lambda: {"Access-Control-Allow-Origin": "*"})
    asked: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        """Return the address of `path` on this server."""
        return f"http://127.0.0.1:{self.port}{path}"

    def answer(self, path: str) -> Answer:
        """Return status, headers and body for a request of `path`."""
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]()
        if path in self.playlists:
            return 200, self.headers | {"Content-Type": PLAYLIST}, self.playlists[path]().encode()
        if path.startswith("/captions") and path.endswith(".vtt"):
            return 200, self.headers | {"Content-Type": "text/vtt"}, CAPTIONS.encode()
        if path.startswith("/segment") and path.endswith(".ts"):
            body = (ROOT / "static" / "demo" / path[1:]).read_bytes()
            return 200, self.headers | {"Content-Type": "video/mp2t"}, body
        return 404, self.headers, b"not here"


@dataclass
class LivePlaylist:
    """A live playlist whose encoder can hang and be restarted."""

    window: int = 6
    prefix: str = ""
    segment: str = "segment{}.ts"
    _begun: float = field(default_factory=lambda: time.time() - 600)
    _frozen_at: float | None = None

    def freeze(self) -> None:
        """Answer with the same playlist from now on."""
        self._frozen_at = time.time()

    def go_on(self) -> None:
        """Advance again, as if nothing had happened meanwhile."""
        self._frozen_at = None

    def restart(self) -> None:
        """Begin again at number 0, with a full window."""
        self._begun = time.time() - self.window * SECONDS

    def __call__(self) -> str:
        end = int(((self._frozen_at or time.time()) - self._begun) // SECONDS)
        first = max(0, end - self.window)
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:6",
            f"#EXT-X-TARGETDURATION:{SECONDS}",
            f"#EXT-X-MEDIA-SEQUENCE:{first}",
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{-(-first // SEGMENTS)}",
        ]
        for number in range(first, end):
            lines += ["#EXT-X-DISCONTINUITY"] if number % SEGMENTS == 0 else []
            lines += [f"#EXTINF:{SECONDS}.0,", self.prefix + self.segment.format(number % SEGMENTS)]
        return "\n".join(lines) + "\n"


def recorded_playlist(first: str = "segment0.ts", *tags: str) -> str:
    """Return a playlist of two segments that has ended; `tags` stand before its segments."""
    segments = [f"#EXTINF:{SECONDS}.0,", first, f"#EXTINF:{SECONDS}.0,", "segment1.ts"]
    head = ["#EXTM3U", "#EXT-X-VERSION:6", f"#EXT-X-TARGETDURATION:{SECONDS}", *tags]
    return "\n".join([*head, *segments, "#EXT-X-ENDLIST", ""])


MAIN_PLAYLIST = """\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="English",LANGUAGE="en",DEFAULT=YES,URI="en.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Deutsch",LANGUAGE="de",URI="de.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",NAME="English",LANGUAGE="en",URI="captions.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=110000,CODECS="avc1.42c01f,mp4a.40.2",RESOLUTION=640x360,\
AUDIO="sound",SUBTITLES="text"
picture.m3u8
"""


def add_full_stream(server: HlsServer) -> None:
    """Serve `/main.m3u8` with two languages of sound, each a rendition of its own, and captions."""
    server.playlists["/main.m3u8"] = lambda: MAIN_PLAYLIST
    for name in ("picture", "en", "de"):
        server.playlists[f"/{name}.m3u8"] = LivePlaylist(window=20)
    server.playlists["/captions.m3u8"] = LivePlaylist(window=20, segment="captions{}.vtt")


@contextmanager
def hls_server() -> Iterator[HlsServer]:
    """Run a server on a free port of loopback."""
    content = HlsServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = content.answer(self.path)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            # Browsers hang up on what they do not need any more.
            with suppress(ConnectionError):
                self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    content.port = httpd.server_address[1]
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    try:
        yield content
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()

"""The part of a browser that a benchmark needs: HTTP/1.1 on one connection, cookies, gzip."""

import asyncio
import gzip
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urlencode

from stack.ports import LOOPBACK

TIMEOUT_SECONDS = 30
HEADERS = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\nAccept-Encoding: gzip\r\n"


@dataclass
class Answer:
    """An answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """Return the decompressed body."""
        packed = self.headers.get("content-encoding") == "gzip"
        return (gzip.decompress(self.body) if packed else self.body).decode()


class Browser:
    """One visitor's connection to `port` on loopback, and their cookies."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    async def __aenter__(self) -> "Browser":
        self._reader, self._writer = await asyncio.open_connection(LOOPBACK, self.port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.close()

    @property
    def cookie(self) -> str:
        """Return the Cookie header."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    async def get(self, path: str) -> Answer:
        """Request a page. Raises OSError or TimeoutError without an answer."""
        return await self._ask("GET", path)

    async def post(self, path: str, **fields: str) -> Answer:
        """Send a form."""
        return await self._ask("POST", path, urlencode(fields))

    async def _ask(self, method: str, path: str, form: str = "") -> Answer:
        head = f"{method} {path} HTTP/1.1\r\nHost: {LOOPBACK}:{self.port}\r\n{HEADERS}"
        if self.cookies:
            head += f"Cookie: {self.cookie}\r\n"
        if form:
            head += "Content-Type: application/x-www-form-urlencoded\r\n"
            head += f"Content-Length: {len(form)}\r\n"
        self._writer.write(f"{head}\r\n{form}".encode())
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await self._answer()

    async def _answer(self) -> Answer:
        status, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {}
        for line in filter(None, lines):
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
            if name.lower() == "set-cookie":
                key, _, kept = value.partition(";")[0].partition("=")
                self.cookies[key] = kept
        return Answer(int(status.split(" ")[1]), headers, await self._body(headers))

    async def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return await self._reader.readexactly(int(headers.get("content-length", 0)))
        body = b""
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            body += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readexactly(2)
        return body

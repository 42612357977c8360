"""A crowd that watches and chats in the background, on the event loop of the load client."""

import asyncio
from collections.abc import Sequence
from types import TracebackType

from bench.chatter import post
from bench.crowd import Crowd


class Audience:
    """Viewers with these cookies, connected through `port`; they chat inside the context."""

    def __init__(self, port: int, slug: str, cookies: Sequence[str], per_second: float) -> None:
        self.sent = 0
        self._crowd = Crowd(port, slug, tick=0)
        self._cookies = cookies
        self._pause = 1 / per_second
        self._chat: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Audience":
        self._crowd.join(self._cookies, seconds=30)
        asyncio.get_running_loop().add_reader(self._crowd, self._crowd.read, 0)
        self._chat = asyncio.create_task(self._chat_on())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._chat:
            self._chat.cancel()
        asyncio.get_running_loop().remove_reader(self._crowd)
        self._crowd.close()

    @property
    def expected(self) -> int:
        """Return the number of deliveries when every viewer has every message."""
        return self.sent * len(self._cookies)

    @property
    def received(self) -> int:
        """Return the number of deliveries so far."""
        return self._crowd.received

    @property
    def errors(self) -> list[str]:
        """Return the reasons of lost viewers, and refused posts."""
        refused = [answer for answer in self._crowd.answers if not answer["ok"]]
        return [*self._crowd.lost, *(f"a post was refused: {answer}" for answer in refused)]

    async def hush(self, seconds: float = 10) -> None:
        """Stop the chat, and wait up to `seconds` until everything is delivered."""
        if self._chat:
            self._chat.cancel()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while self.received < self.expected and loop.time() < deadline:
            await asyncio.sleep(0.05)

    async def _chat_on(self) -> None:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        viewers = list(self._crowd.viewers.values())
        while True:
            due = begin + self.sent * self._pause
            await asyncio.sleep(max(0.0, due - loop.time()))
            post(self._crowd, viewers[self.sent % len(viewers)], due, self.sent)
            self.sent += 1

"""A live page as a program: what static/live.js does with messages, over the Python client."""

import logging
import queue
import random
import threading
import time
from bisect import insort
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import socketio

NAMESPACE = "/live"
ANSWER_SECONDS = 12.0
SETTLED_SECONDS = 30.0
FINAL = {"invalid", "muted", "chat_closed", "event_not_open"}

# A connection that breaks is no news here; the ledger says what became of its page.
logging.getLogger("engineio.client").setLevel(logging.CRITICAL)

Note = Callable[[str, str, Mapping[str, Any]], None]  # page, what happened, its values


class ConnectionLost(Exception):
    """The socket closed, or an answer did not come."""


class PythonPage:
    """Follows the event in a thread of its own: reconnects, catches up, sends what it was given."""

    def __init__(self, name: str, site: str, slug: str, cookie: str, note: Note) -> None:
        self.name = name
        self.site = site
        self.pause_seconds = 0.5
        self._slug = slug
        self._cookie = cookie
        self._note = note
        self._rows: list[tuple[int, str]] = []
        self._seen: set[int] = set()
        self._marks = deque([(time.monotonic(), 0)])
        self._outbox: deque[dict[str, str]] = deque()
        self._inbox: queue.Queue[Any] = queue.Queue()
        self._wake = threading.Event()
        self._closed = False
        self._socket = socketio.Client(reconnection=False)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def open(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def write(self, nonce: str, body: str) -> None:
        """Put a message into the outbox."""
        self._outbox.append({"nonce": nonce, "body": body})
        self._wake.set()

    def drop(self) -> None:
        """Break the connection, as a network does."""
        self._socket.eio.disconnect(abort=True)

    def rows(self) -> list[tuple[int, str]]:
        """Id and text of the messages on the page, in its order."""
        return list(self._rows)

    def close(self) -> None:
        """Leave."""
        self._closed = True
        self._wake.set()
        self._thread.join(20)

    def _run(self) -> None:
        while not self._closed:
            try:
                self._follow()
            except (socketio.exceptions.SocketIOError, ConnectionLost, OSError, ValueError):
                self._note(self.name, "lost", {})
            finally:
                self._socket.disconnect()
            if not self._closed:
                time.sleep(self.pause_seconds * random.uniform(0.2, 1.8))

    def _follow(self) -> None:
        self._inbox = queue.Queue()
        self._socket = self._client(self._inbox)
        self._socket.connect(
            self.site,
            headers={"Cookie": self._cookie},
            auth={"event": self._slug},
            namespaces=[NAMESPACE],
            transports=["websocket"],
            wait=False,
        )
        self._enter()
        self._catch_up()
        while not self._closed:
            self._wake.clear()
            if self._outbox:
                self._deliver(self._outbox[0])
            elif not self._wake.wait(0.1) and not self._socket.connected:
                raise ConnectionLost

    def _enter(self) -> None:
        # Upstream's own waiting would not notice that the connection broke meanwhile.
        while self._socket.get_sid(NAMESPACE) is None:
            if self._socket.eio.state != "connected" or NAMESPACE in self._socket.failed_namespaces:
                raise ConnectionLost
            time.sleep(0.02)

    def _client(self, inbox: "queue.Queue[Any]") -> Any:
        client = socketio.Client(reconnection=False)
        client.on("messages_posted", self._add, namespace=NAMESPACE)
        client.on("connect_error", self._refused, namespace=NAMESPACE)
        # Whoever waits for an answer learns at once that none will come.
        client.on("disconnect", lambda *_: inbox.put(None), namespace=NAMESPACE)
        return client

    def _refused(self, error: Any) -> None:
        code = error["data"].get("code") if isinstance(error, dict) and "data" in error else "error"
        self._note(self.name, "refused_entry", {"code": code})

    def _ask(self, event: str, packet: dict[str, Any]) -> dict[str, Any]:
        self._socket.emit(event, packet, namespace=NAMESPACE, callback=self._inbox.put)
        try:
            answer = self._inbox.get(timeout=ANSWER_SECONDS)
        except queue.Empty:
            raise ConnectionLost from None
        if answer is None:
            raise ConnectionLost
        found: dict[str, Any] = answer
        return found

    def _catch_up(self) -> None:
        after, more = self._marks[0][1], True
        while more:
            answer = self._ask("messages_since", {"after": after})
            if not answer["ok"]:
                self._put_off(answer["error"])
                continue
            self._add(answer["messages"])
            after = answer["messages"][-1]["id"] if answer["messages"] else after
            more = answer["more"]
        self._note(self.name, "back", {})

    def _deliver(self, post: dict[str, str]) -> None:
        answer = self._ask("post_message", post)
        if answer["ok"]:
            self._outbox.popleft()
            self._note(self.name, "acknowledged", {"nonce": post["nonce"], "id": answer["id"]})
        elif answer["error"]["code"] in FINAL:
            self._outbox.popleft()
            code = answer["error"]["code"]
            self._note(self.name, "refused", {"nonce": post["nonce"], "code": code})
        else:
            self._put_off(answer["error"])

    def _put_off(self, error: dict[str, Any]) -> None:
        self._note(self.name, "put_off", {"code": error["code"]})
        until = time.monotonic() + error.get("retry_after", 2)
        while time.monotonic() < until and not self._closed:
            if not self._socket.connected:
                raise ConnectionLost
            time.sleep(0.05)

    def _add(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            if message["id"] not in self._seen:
                self._seen.add(message["id"])
                insort(self._rows, (message["id"], message["body"]))
                self._note(self.name, "shown", message)
        self._mark()

    def _mark(self) -> None:
        now = time.monotonic()
        while len(self._marks) > 1 and self._marks[1][0] < now - SETTLED_SECONDS:
            self._marks.popleft()
        if self._rows and self._marks[-1][1] < self._rows[-1][0]:
            self._marks.append((now, self._rows[-1][0]))

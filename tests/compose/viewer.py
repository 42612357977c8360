"""People of the demo data, who check in with a form and watch over a socket."""

import re
import time
import uuid
from dataclasses import dataclass, field

import requests
import socketio

PATIENCE = 10  # seconds for one answer


@dataclass(frozen=True)
class Employee:
    email: str
    number: str


@dataclass
class Viewer:
    """A checked-in employee with one socket; remembers each message it is sent."""

    url: str
    employee: Employee
    browser: requests.Session = field(default_factory=requests.Session)
    received: list[dict] = field(default_factory=list)
    connected_at: list[float] = field(default_factory=list)
    disconnects: int = 0

    def check_in(self) -> requests.Response:
        """Send the form of the current event; the answer after its redirects is the live page."""
        form = self.browser.get(self.url, timeout=PATIENCE)
        fields = {"email": self.employee.email, "employee_number": self.employee.number}
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form.text)
        if token:
            fields["csrf_token"] = token[1]
        slug = form.url.rstrip("/").rsplit("/", 1)[1]
        answer = self.browser.post(
            f"{self.url}/events/{slug}/check-in", data=fields, timeout=PATIENCE
        )
        assert answer.status_code == 200, answer.text[:2000]
        assert answer.url == f"{self.url}/events/{slug}/live"
        self.slug = slug
        return answer

    def connect(self) -> None:
        """Open the WebSocket of the live page; like a browser's, it comes back by itself."""
        self.socket = socketio.Client(
            http_session=self.browser, reconnection_delay=1, reconnection_delay_max=5
        )
        self.socket.on("connect", self._connected, namespace="/live")
        self.socket.on("disconnect", self._disconnected, namespace="/live")
        self.socket.on("messages_posted", self.received.extend, namespace="/live")
        self.socket.connect(
            self.url,
            namespaces=["/live"],
            auth={"event": self.slug},
            transports=["websocket"],
            wait_timeout=PATIENCE,
        )

    def post(self, body: str) -> dict:
        """The acknowledgement of one message."""
        message = {"nonce": uuid.uuid4().hex, "body": body}
        return self.socket.call("post_message", message, namespace="/live", timeout=PATIENCE)

    def times_received(self, body: str) -> int:
        return sum(message["body"] == body for message in self.received)

    def leave(self) -> None:
        self.socket.disconnect()
        self.browser.close()

    def _connected(self) -> None:
        self.connected_at.append(time.monotonic())

    def _disconnected(self, _reason: str) -> None:
        self.disconnects += 1

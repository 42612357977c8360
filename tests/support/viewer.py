"""A viewer of the live page as a program, with a cookie and a Socket.IO client."""

import logging
import re
import secrets
from types import TracebackType
from typing import Any

import engineio
import requests
import socketio
from socketio.packet import EVENT

from tests.support.waiting import wait_for

NAMESPACE = "/live"

# Upstream's write loop can outlive a connection that the server closed. Up to 20 s later it logs
# its empty queue as an error, in the log of another test.
logging.getLogger("engineio.client").addFilter(
    lambda record: not record.getMessage().startswith("packet queue is empty")
)


class _Connection(engineio.Client):
    """A connection that handles events in order; upstream starts a thread for each."""

    def _trigger_event(self, event: str, *args: Any, **options: Any) -> Any:
        if event == "message" and str(args[0]).startswith(str(EVENT)):
            options["run_async"] = False
        return super()._trigger_event(event, *args, **options)


class _Client(socketio.Client):
    def _engineio_client_class(self) -> type[engineio.Client]:
        return _Connection


class Viewer:
    """A viewer that checks in over HTTP and then follows the event on one socket."""

    def __init__(self, site: str, slug: str, email: str, number: str) -> None:
        self._open(site, slug)
        self._check_in(email, number)

    def other_tab(self) -> "Viewer":
        """Return another tab of the same browser: its cookies, and a socket of its own."""
        other = Viewer.__new__(Viewer)
        other._open(self.site, self.slug)
        other.web.cookies.update(self.web.cookies)
        return other

    def _open(self, site: str, slug: str) -> None:
        self.site, self.slug = site, slug
        self.web = requests.Session()
        self.messages: list[dict[str, Any]] = []
        self.watching = 0
        self.events: list[tuple[str, Any]] = []
        self.socket = _Client(reconnection=False)
        self.socket.on("*", self._note, namespace=NAMESPACE)

    def __enter__(self) -> "Viewer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.socket.disconnect()
        self.web.close()

    @property
    def cookie(self) -> str:
        """Return the Cookie header that a browser would send."""
        return "; ".join(f"{name}={value}" for name, value in self.web.cookies.items())

    @property
    def bodies(self) -> list[str]:
        """Return the received texts in the order of arrival."""
        return [message["body"] for message in self.messages]

    def connect(self, address: str, transport: str = "websocket") -> "Viewer":
        """Open the socket at `address`, nginx or one node."""
        self.socket.connect(
            address,
            headers={"Cookie": self.cookie},
            auth={"event": self.slug},
            namespaces=[NAMESPACE],
            transports=[transport],
            wait_timeout=10,
        )
        return self

    def post(self, body: str, nonce: str | None = None) -> dict[str, Any]:
        """Post a message; return the acknowledgement."""
        return self.call("post_message", {"nonce": nonce or secrets.token_hex(8), "body": body})

    def call(self, name: str, *packet: Any) -> dict[str, Any]:
        """Emit an event; return the acknowledgement."""
        data = packet if len(packet) != 1 else packet[0]
        answer: dict[str, Any] = self.socket.call(name, data, namespace=NAMESPACE, timeout=12)
        return answer

    def emit(self, name: str, packet: Any) -> list[dict[str, Any]]:
        """Emit an event; return a list that will hold the acknowledgement."""
        answers: list[dict[str, Any]] = []
        self.socket.emit(name, packet, namespace=NAMESPACE, callback=answers.append)
        return answers

    def wait_for_bodies(self, *bodies: str, seconds: float = 10) -> None:
        """Wait until all of these texts have arrived."""
        wait_for(lambda: set(bodies) <= set(self.bodies), seconds, f"{bodies} at {self.bodies}")

    def _note(self, name: str, payload: Any) -> None:
        self.events.append((name, payload))
        if name == "messages_posted":
            self.messages += payload
        elif name == "viewers_changed":
            self.watching = payload["watching"]

    def _check_in(self, email: str, number: str) -> None:
        form = self.web.get(f"{self.site}/events/{self.slug}/", timeout=10)
        token = re.search(r'name="csrf_token" value="([^"]+)"', form.text)
        assert token, form.text
        fields = {"csrf_token": token[1], "email": email, "employee_number": number}
        address = f"{self.site}/events/{self.slug}/check-in"
        answer = self.web.post(address, data=fields, allow_redirects=False, timeout=10)
        assert answer.status_code == 303, answer.text

"""A viewer of the live page as a program: a browser's cookie and a Socket.IO client."""

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

# Upstream's write loop may outlive a connection that the server closed: it then calls its own
# empty queue an error up to 20 s later, in the log of whatever test runs by then.
logging.getLogger("engineio.client").addFilter(
    lambda record: not record.getMessage().startswith("packet queue is empty")
)


class _Connection(engineio.Client):
    """Hands events on in the order of their arrival; upstream starts a thread for each."""

    def _trigger_event(self, event: str, *args: Any, **options: Any) -> Any:
        if event == "message" and str(args[0]).startswith(str(EVENT)):
            options["run_async"] = False
        return super()._trigger_event(event, *args, **options)


class _Client(socketio.Client):
    def _engineio_client_class(self) -> type[engineio.Client]:
        return _Connection


class Viewer:
    """Checks in over HTTP, then follows the event on one socket."""

    def __init__(self, site: str, slug: str, email: str, number: str) -> None:
        self.site, self.slug = site, slug
        self.web = requests.Session()
        self.messages: list[dict[str, Any]] = []
        self.watching = 0
        self.events: list[tuple[str, Any]] = []
        self.socket = _Client(reconnection=False)
        self.socket.on("*", self._note, namespace=NAMESPACE)
        self._check_in(email, number)

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
        """The Cookie header that the browser would send."""
        return "; ".join(f"{name}={value}" for name, value in self.web.cookies.items())

    @property
    def bodies(self) -> list[str]:
        """The texts that arrived, in the order of their arrival."""
        return [message["body"] for message in self.messages]

    def connect(self, address: str, transport: str = "websocket") -> "Viewer":
        """Open the socket at that address: nginx, or one node."""
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
        """Send a message; its acknowledgement."""
        return self.call("post_message", {"nonce": nonce or secrets.token_hex(8), "body": body})

    def call(self, name: str, *packet: Any) -> dict[str, Any]:
        """Emit an event; its acknowledgement."""
        data = packet if len(packet) != 1 else packet[0]
        answer: dict[str, Any] = self.socket.call(name, data, namespace=NAMESPACE, timeout=12)
        return answer

    def emit(self, name: str, packet: Any) -> list[dict[str, Any]]:
        """Emit an event; its acknowledgement will be the one item of the list."""
        answers: list[dict[str, Any]] = []
        self.socket.emit(name, packet, namespace=NAMESPACE, callback=answers.append)
        return answers

    def wait_for_bodies(self, *bodies: str, seconds: float = 10) -> None:
        """Return when all of these texts have arrived."""
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

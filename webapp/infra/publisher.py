"""Publish events from the web tier to the nodes. Publishing may fail; storing may not."""

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app
from socketio import RedisManager

from webapp.infra.redis_client import REDIS_OPTIONS, redis_breaker
from webapp.infra.settings import Settings

NAMESPACE = "/live"
CHANNEL = "townhall"
# Not sent to viewers: nodes close the sockets of `{employee_ids}`.
VIEWER_SIGNED_OUT = "viewer_signed_out"
# Not sent to viewers either: the nodes pass `name` and `payload` on to one employee's sockets.
TO_EMPLOYEE = "to_employee"
# Further names that are not for viewers begin with this: a node that does not know one drops it.
# Other unknown names reach the viewers, whose pages may know them.
FOR_NODES = "node:"

Publish = Callable[[str, str, Any], None]


def init_publisher(app: Flask, settings: Settings) -> None:
    """Give the web tier a write-only end of the nodes' message queue, if there is one."""
    app.extensions["live_publish"] = _nobody_listens if settings.embedded else _queue(settings)


def publish(slug: str, name: str, payload: Any) -> None:
    """Send the socket event `name` to every viewer of the event `slug`, on all nodes.

    Raises nothing: a viewer who misses it catches up from the database.
    """
    send: Publish = current_app.extensions["live_publish"]
    send(slug, name, payload)


def publish_to_employee(employee_id: int, slug: str, name: str, payload: Any) -> None:
    """Send the socket event `name` to one employee's sockets at the event `slug`, on all nodes."""
    publish(slug, TO_EMPLOYEE, addressed(employee_id, name, payload))


def addressed(employee_id: int, name: str, payload: Any) -> dict[str, Any]:
    """Return the payload of `TO_EMPLOYEE`."""
    return {"employee_id": employee_id, "name": name, "payload": payload}


def close_sockets(*employee_ids: int) -> None:
    """Close the open sockets of employees who checked out or may not watch, on all nodes."""
    publish("", VIEWER_SIGNED_OUT, {"employee_ids": employee_ids})


def _nobody_listens(_slug: str, _name: str, _payload: Any) -> None:
    """Do nothing: the sweep of the embedded default finds what a command beside it wrote."""


def _queue(settings: Settings) -> Publish:
    manager = RedisManager(
        settings.redis_url, channel=CHANNEL, write_only=True, redis_options=REDIS_OPTIONS
    )

    def send(slug: str, name: str, payload: Any) -> None:
        if not redis_breaker().open:
            manager.emit(name, payload, namespace=NAMESPACE, room=slug)

    return send

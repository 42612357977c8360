"""The managers of Socket.IO connections, without a room for each.

Upstream gives every connection a room of its own, and walks all rooms when one leaves: quadratic
when everybody does. Here the registry knows who watches what, so no room is needed.
"""

from typing import Any

from socketio import Manager

from realtime.transport.redis_queue import LiveQueue


class RoomlessMixin:
    """Takes a connection out of its own room at once."""

    def pre_connect(self, eio_sid: str, namespace: str) -> str | None:
        """Register a connection that is not accepted yet; its id, or None for a second one."""
        manager: Any = super()
        sid: str | None = manager.pre_connect(eio_sid, namespace)
        if sid:
            manager.basic_leave_room(sid, namespace, sid)
        return sid


class LocalManager(RoomlessMixin, Manager):
    """For one process."""


class QueuedManager(RoomlessMixin, LiveQueue):
    """For several, joined by the message queue."""

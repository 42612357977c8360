"""The managers of Socket.IO connections, without a room for each connection.

Upstream gives every connection a room of its own and walks all rooms when one leaves, which is
quadratic when everybody leaves. Here the registry knows who watches what, so no room is needed.
"""

from typing import Any

from socketio import Manager

from realtime.transport.redis_queue import LiveQueue


class RoomlessMixin:
    """Removes each connection from its own room at once."""

    def pre_connect(self, eio_sid: str, namespace: str) -> str | None:
        """Register a connection and return its id, or None if it has one already."""
        manager: Any = super()
        sid: str | None = manager.pre_connect(eio_sid, namespace)
        if sid:
            manager.basic_leave_room(sid, namespace, sid)
        return sid


class LocalManager(RoomlessMixin, Manager):
    """The manager of a single process."""


class QueuedManager(RoomlessMixin, LiveQueue):
    """The manager of several processes that share the message queue."""

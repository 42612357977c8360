"""The connections of this node, by event."""

import time
from collections import Counter
from dataclasses import dataclass, field

from realtime.transport.connection import ViewerConnection
from webapp.domain.admins.accounts import AdminInfo
from webapp.domain.attendance.checkin import Viewer
from webapp.domain.events.store import EventInfo
from webapp.i18n import SOURCE


@dataclass(slots=True)
class Connection:
    """One open socket of one viewer, who may have several, here and on other nodes.

    `language` is that of its acknowledgements, `request_id` that of its handshake. `checked_at` is
    when its cookie was last found valid, by the monotonic clock.
    """

    sid: str
    event: EventInfo
    viewer: Viewer
    admin: AdminInfo | None
    socket: ViewerConnection
    language: str = SOURCE
    request_id: str = ""
    checked_at: float = field(default_factory=time.monotonic)


class Registry:
    """The connections of this node."""

    def __init__(self) -> None:
        self._by_sid: dict[str, Connection] = {}
        self._sockets: dict[str, dict[str, ViewerConnection]] = {}
        self._employees: dict[int, Counter[int]] = {}
        self._events: dict[int, EventInfo] = {}

    def __len__(self) -> int:
        return len(self._by_sid)

    def waiting_bytes(self) -> int:
        """Return the bytes that wait for viewers who read slowly."""
        sockets = (connection.socket for connection in self._by_sid.values())
        return sum(s.send_buffer.waiting_bytes for s in sockets if s.send_buffer)

    def add(self, connection: Connection) -> None:
        """Add a connection that was accepted."""
        event = connection.event = self._shared(connection.event)
        self._by_sid[connection.sid] = connection
        self._sockets.setdefault(event.slug, {})[connection.sid] = connection.socket
        employees = self._employees.setdefault(event.id, Counter())
        employees[connection.viewer.employee.id] += 1

    def _shared(self, event: EventInfo) -> EventInfo:
        """Return one object for all equal events; a copy would cost each viewer over 1 KiB."""
        if self._events.get(event.id) != event:
            self._events[event.id] = event
        return self._events[event.id]

    def remove(self, sid: str) -> None:
        """Remove a connection; ignore an unknown one."""
        connection = self._by_sid.pop(sid, None)
        if connection is None:
            return
        event, employee_id = connection.event, connection.viewer.employee.id
        del self._sockets[event.slug][sid]
        employees = self._employees[event.id]
        employees[employee_id] -= 1
        if not employees[employee_id]:
            del employees[employee_id]
        if not employees:
            del self._employees[event.id], self._sockets[event.slug], self._events[event.id]

    def get(self, sid: str) -> Connection | None:
        """Return the connection of that socket."""
        return self._by_sid.get(sid)

    def count_sockets(self, employee_id: int) -> int:
        """Return the number of an employee's sockets on this node, over all events."""
        return sum(employees[employee_id] for employees in self._employees.values())

    def connections(self) -> list[Connection]:
        """Return a copy of all connections."""
        return list(self._by_sid.values())

    def sockets(self, slug: str) -> list[ViewerConnection]:
        """Return a copy of the sockets of an event's viewers."""
        return list(self._sockets.get(slug, {}).values())

    def events(self) -> dict[int, str]:
        """Return the id and slug of each event that somebody here watches."""
        return {event_id: self._events[event_id].slug for event_id in self._employees}

    def employees(self, event_id: int) -> set[int]:
        """Return the distinct employees who watch the event on this node."""
        return set(self._employees.get(event_id, ()))

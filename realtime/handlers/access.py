"""Check again that a connection may still act: a session may end while its socket stays open."""

import time

from flask import Flask

from realtime.fanout.registry import Connection
from webapp.domain.admins.accounts import find_admin
from webapp.domain.admins.roles import Permission
from webapp.http import identity
from webapp.infra.allowance import Allowance

# A viewer that sends again this soon is not looked up again.
CHECKED_SECONDS = 5.0


class Access:
    """The rights of the connections of this node."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._reads: Allowance = app.extensions["reads"]

    def take_read(self, employee_id: int) -> None:
        """Count one read of an employee. Raises `SlowDown`."""
        self._reads.take(employee_id)

    def recheck(self, connection: Connection) -> None:
        """Raise `NotCheckedIn` when the cookie of the connection is no longer valid.

        The session of a socket does not change, but the employee's session version may.
        """
        if not self.is_recheck_due(connection):
            return
        event, viewer = connection.event, connection.viewer
        with self._app.app_context():
            identity.prefetch(event.slug, viewer.employee.id)
            identity.recheck_viewer(event, viewer)
        self.note_checked(connection)

    def is_recheck_due(self, connection: Connection) -> bool:
        """Return True when the cookie was last found valid too long ago."""
        return time.monotonic() - connection.checked_at >= CHECKED_SECONDS

    def note_checked(self, connection: Connection) -> None:
        """Note that the cookie of the connection was just found valid."""
        connection.checked_at = time.monotonic()

    def moderates(self, connection: Connection) -> bool:
        """Return True if the viewer is an admin as well, who may moderate."""
        admin = connection.admin
        if admin is None:
            return False
        with self._app.app_context():
            now = find_admin(admin.id, admin.session_version)
        return now is not None and now.may(Permission.MODERATE)

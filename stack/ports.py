"""Find free ports, and ask what answers on one."""

import errno
import http.client
import random
import socket
import sys

LOOPBACK = "127.0.0.1"

# Below the kernel's range for outgoing connections: while a fault test has a server down, none of
# its thousands of clients may occupy its port.
CANDIDATES = range(20000, 32000)

# The mark of each port that this process was given, kept until the process ends.
_marks: dict[int, socket.socket] = {}


class PortTakenError(Exception):
    """Nothing can listen on the port; the message is one line for the user."""


def free_port() -> int:
    """Return a loopback port on which nothing listens.

    No process of this machine gets it again before this one has ended: the server that it is for
    may not listen yet, or be down for a while.
    """
    while True:
        port = random.choice(CANDIDATES)
        if not _reason_against(port) and _mark(port):
            return port


def require_free(port: int) -> int:
    """Return `port`.

    Raises:
        PortTakenError: another program listens there, or this user may not.
    """
    if reason := _reason_against(port):
        raise PortTakenError(f"Port {port} {reason}: choose another with PORT=")
    return port


def status_of(port: int, path: str) -> int | None:
    """Return the HTTP status of `path`, or None when nothing answers within 2 s."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _mark(port: int) -> bool:
    """Mark the port as given out, and return True unless it is already.

    The mark is a name that Linux forgets with the process, whatever ends that. Other systems have
    no such names: there it counts in this process alone.
    """
    if port in _marks:
        return False
    mark = socket.socket(socket.AF_UNIX)
    if sys.platform == "linux":
        try:
            mark.bind(f"\0townhall port {port}")
        except OSError:
            mark.close()
            return False
    _marks[port] = mark
    return True


def _reason_against(port: int) -> str | None:
    with socket.socket() as probe:
        # As the servers do, so that connections in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return "is in use" if error.errno == errno.EADDRINUSE else "cannot be used"
    return None

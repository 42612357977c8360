"""Find free ports, and ask what answers on one."""

import errno
import http.client
import random
import socket

LOOPBACK = "127.0.0.1"

# Below the kernel's range for outgoing connections: while a fault test has a server down, none of
# its thousands of clients may occupy its port.
CANDIDATES = range(20000, 32000)

_given_out: set[int] = set()


class PortTakenError(Exception):
    """Nothing can listen on the port; the message is one line for the user."""


def free_port() -> int:
    """Return a loopback port on which nothing listens; a process never gets the same port twice."""
    while True:
        port = random.choice(CANDIDATES)
        if port not in _given_out and not _reason_against(port):
            _given_out.add(port)
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


def _reason_against(port: int) -> str | None:
    with socket.socket() as probe:
        # As the servers do, so that connections in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return "is in use" if error.errno == errno.EADDRINUSE else "cannot be used"
    return None

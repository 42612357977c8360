"""Free ports, and whether somebody answers on one."""

import errno
import http.client
import random
import socket

LOOPBACK = "127.0.0.1"

# Below the range that the kernel takes for outgoing connections: while a server is down for a
# fault test, none of its thousands of clients may come to sit on its port.
CANDIDATES = range(20000, 32000)

_given_out: set[int] = set()


class PortTakenError(Exception):
    """Nothing can listen on the port; the message is one line for the user."""


def free_port() -> int:
    """A loopback port that nobody listens on; one process never gets the same port twice."""
    while True:
        port = random.choice(CANDIDATES)
        if port not in _given_out and not _reason_against(port):
            _given_out.add(port)
            return port


def require_free(port: int) -> int:
    """Return `port`.

    Raises:
        PortTakenError: somebody listens there, or this user may not.
    """
    if reason := _reason_against(port):
        raise PortTakenError(f"Port {port} {reason}: choose another with PORT=")
    return port


def status_of(port: int, path: str) -> int | None:
    """The HTTP status of `path`; None when nobody answers within 2 s."""
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
        # As the servers do it: connections that linger in TIME_WAIT are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return "is in use" if error.errno == errno.EADDRINUSE else "cannot be used"
    return None

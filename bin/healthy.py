#!/usr/bin/env python3
"""Ask this container's server whether it serves; if it does not, print why and exit with 1.

Docker shows the line in `docker inspect`, and the state in `docker compose ps`: `starting` until
the first success or the end of `start_period`, `unhealthy` when a server hangs or fails after that.
"""

import http.client
import os
import sys

PATIENCE_SECONDS = 5


def find_fault(port: int) -> str:
    """Return what is wrong with the server on `port`; an empty text if it serves."""
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        server.request("GET", "/healthz")
        status = server.getresponse().status
    except ConnectionRefusedError:
        return f"Nothing listens on port {port}: it starts, or waits for the database. See its log."
    except TimeoutError:
        return f"The server on port {port} hangs: no answer within {PATIENCE_SECONDS} s."
    except (OSError, http.client.HTTPException) as error:
        return f"The server on port {port} broke off: {error!r}"
    return "" if status == 200 else f"The server on port {port} answers {status}."


if __name__ == "__main__":
    sys.exit(find_fault(int(os.environ["PORT"])) or 0)

"""Serve the embedded default: pages and sockets in one process, on SQLite, with demo data."""

import sys

from flask import Flask

from realtime.app import embed_node
from realtime.server import address, listen, serve
from webapp.domain.seed import ADMIN_EMAIL, ADMIN_PASSWORD, EMPLOYEE_EMAIL, EMPLOYEE_NUMBER
from webapp.infra.settings import Settings
from webapp.startup import prepare_database, wait_for_services

DEFAULT_PORT = 8000
REACHED_AS_LOCALHOST = ("127.0.0.1", "0.0.0.0", "::")  # noqa: S104 - compared with, not bound


def serve_embedded(app: Flask, settings: Settings) -> None:
    """Create the database if there is none, and serve everything until a signal."""
    if not settings.embedded:
        sys.exit("townhall: REDIS_URL is set, which is for several processes: see `make stack`.")
    port = settings.port or DEFAULT_PORT
    # First of all: a second start on a port that is taken leaves the data alone.
    listener = listen(settings, port)
    prepare_database(app, demo=settings.demo)
    wait_for_services(app)
    print(welcome(settings, port), flush=True)
    serve(embed_node(app, settings), settings, listener)


def welcome(settings: Settings, port: int) -> str:
    """Return the address and the demo accounts, for the person who has started Townhall."""
    host = "localhost" if settings.host in REACHED_AS_LOCALHOST else settings.host
    lines = [f"{settings.site_name} is at http://{address(host, port)}"]
    if settings.demo:
        lines += [
            f"  check in as an employee: {EMPLOYEE_EMAIL}, number {EMPLOYEE_NUMBER}",
            f"  sign in as an admin at /admin/: {ADMIN_EMAIL}, password {ADMIN_PASSWORD}",
        ]
    return "\n".join(lines)

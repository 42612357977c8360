"""Serve the embedded default: pages and sockets in one process, on SQLite, with demo data."""

import sys

from flask import Flask

from realtime.app import embed_node
from realtime.server import serve
from webapp.domain.seed import ADMIN_EMAIL, ADMIN_PASSWORD, EMPLOYEE_EMAIL, EMPLOYEE_NUMBER
from webapp.infra.settings import Settings
from webapp.startup import prepare_database, wait_for_services

DEFAULT_PORT = 8000


def serve_embedded(app: Flask, settings: Settings) -> None:
    """Create the database if there is none, and serve everything until a signal."""
    if not settings.embedded:
        sys.exit("townhall: REDIS_URL is set, which is for several processes: see `make stack`.")
    prepare_database(app, demo=settings.demo)
    wait_for_services(app)
    port = settings.port or DEFAULT_PORT
    print(_welcome(settings, port), flush=True)
    serve(embed_node(app, settings), settings, port)


def _welcome(settings: Settings, port: int) -> str:
    lines = [f"{settings.site_name} is at http://localhost:{port}"]
    if settings.demo:
        lines += [
            f"  check in as an employee: {EMPLOYEE_EMAIL}, number {EMPLOYEE_NUMBER}",
            f"  sign in as an admin at /admin/: {ADMIN_EMAIL}, password {ADMIN_PASSWORD}",
        ]
    return "\n".join(lines)

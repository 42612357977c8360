"""gunicorn for the web tier. One process an instance: scaled, like the nodes, by adding some."""

import gc
from typing import Any

# One process and threads: its metrics and its in-process state are whole, and a page spends most
# of its time waiting for Redis and the database.
workers = 1
worker_class = "gthread"
threads = 16
# nginx keeps connections to it open; a longer idle time there would meet closed ones.
keepalive = 75
timeout = 60
graceful_timeout = 9
max_requests = 0
accesslog = None
forwarded_allow_ips = "*"
control_socket_disable = True


def post_worker_init(_worker: Any) -> None:
    """Leave the libraries out of garbage collection: to walk through them stopped every request
    for a tenth of a second."""
    gc.collect()
    gc.freeze()


def on_starting(_server: Any) -> None:
    """Wait in the master, where no watchdog counts the seconds a worker takes to boot."""
    from webapp.base import create_base
    from webapp.infra.extensions import db
    from webapp.infra.settings import load_or_exit
    from webapp.startup import wait_for_services

    app = create_base("gunicorn", load_or_exit())
    wait_for_services(app)
    with app.app_context():
        # A connection must not be shared with the worker that is forked next.
        db.engine.dispose()

"""gunicorn for the web tier: one process per instance, scaled by adding instances."""

import gc
import time
from threading import Thread
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from webapp.infra.logs import configure_logging
from webapp.infra.settings import load_or_exit

# One process with threads: metrics and in-process state stay complete, and a page mostly waits for
# Redis and the database.
workers = 1
worker_class = "webapp.infra.stopping_worker.StoppingWorker"
threads = 16
# The application is imported before the port is open. Otherwise nginx would send requests to a
# worker that needs seconds to import it, although others could answer at once.
preload_app = True
# Longer than nginx keeps idle connections, so that nginx never uses a closed one.
keepalive = 75
timeout = 60
graceful_timeout = 9
max_requests = 0
# As in nginx.conf: other applications of a company may set many cookies for its domain.
limit_request_field_size = 32 * 1024
accesslog = None
forwarded_allow_ips = "*"
# The application reads X-Forwarded-* itself, by TRUSTED_PROXIES. gunicorn would answer 400 to a TLS
# terminator that sends X-Forwarded-Ssl beside the X-Forwarded-Proto of our nginx.
secure_scheme_headers: dict[str, str] = {}
control_socket_disable = True


class _Logger(Logger):
    """Logs as the application does, from the first line on."""

    def setup(self, cfg: Any) -> None:
        """Replace the handlers of gunicorn."""
        super().setup(cfg)
        settings = load_or_exit()
        configure_logging(settings.log_format, settings.log_level)


logger_class = _Logger


def post_worker_init(worker: Any) -> None:
    """Start the timetable of events, and exclude the libraries from garbage collection.

    That paused every request for 0.1 s. A page leaves few cycles behind: collecting after 700 new
    objects cost 4 % of a check-in's CPU.
    """
    from webapp.startup import start_timetable

    start_timetable(worker.wsgi, _spawn, time.sleep)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _spawn(target: Any, *args: Any) -> None:
    Thread(target=target, args=args, daemon=True).start()


def on_starting(server: Any) -> None:
    """Wait for the stores in the master, where no watchdog counts the seconds."""
    from webapp.infra.extensions import db
    from webapp.startup import wait_for_services

    app = server.app.wsgi()
    wait_for_services(app)
    with app.app_context():
        # A connection must not be shared with the worker that is forked next.
        db.engine.dispose()

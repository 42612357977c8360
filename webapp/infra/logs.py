"""Log one line per occurrence, as text or as JSON; a flood of one kind costs a line a minute."""

import json
import logging
import threading
import time
from collections.abc import Hashable

from webapp.infra.clock import utcnow
from webapp.infra.request_id import current_request_id

# Of warnings and errors; a client can cause any number of them.
KIND_SECONDS = 60.0
# Loggers of which a client causes any number of lines at a lower level, too.
OF_CLIENTS = ("flask_wtf.csrf",)
# Kinds are places in the code, of which there are a few hundred.
MOST_KINDS = 2000


class FloodFilter(logging.Filter):
    """Passes a line that clients can cause once a minute for each kind, and counts the others.

    Those are the warnings, the errors and all lines of the loggers in `OF_CLIENTS`. A kind is the
    statement that logs, or its `extra={"kind": …}`; with an exception, also the place that raised
    it. The next line of the kind says how many were left out, as `left_out`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._kinds: dict[Hashable, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to log `record`."""
        if record.levelno < logging.WARNING and record.name not in OF_CLIENTS:
            return True
        kind, now = _kind_of(record), time.monotonic()
        with self._lock:
            until, left_out = self._kinds.pop(kind, (0.0, 0))
            if now < until:
                self._kinds[kind] = until, left_out + 1
                return False
            if len(self._kinds) >= MOST_KINDS:
                # The one that was noted first.
                del self._kinds[next(iter(self._kinds))]
            self._kinds[kind] = now + KIND_SECONDS, 0
        record.left_out = left_out
        return True


def _kind_of(record: logging.LogRecord) -> Hashable:
    kind = getattr(record, "kind", None) or (record.pathname, record.lineno)
    if not record.exc_info or not record.exc_info[0]:
        return record.name, kind
    trace = record.exc_info[2]
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = trace and (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
    return record.name, kind, record.exc_info[0], place


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        left_out = getattr(record, "left_out", 0)
        return f"{text} [{left_out} more like it were left out before]" if left_out else text


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, str | int] = {
            "at": utcnow().isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if name := current_request_id():
            line["request_id"] = name
        if left_out := getattr(record, "left_out", 0):
            line["left_out"] = left_out
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure_logging(log_format: str, log_level: str) -> None:
    """Send everything at `log_level` and above to standard error, as `text` or `json`."""
    handler = logging.StreamHandler()
    handler.addFilter(FloodFilter())
    handler.setFormatter(
        _JsonFormatter()
        if log_format == "json"
        else _TextFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(log_level)
    # It has a handler of its own, which writes neither JSON nor the time as we do.
    logging.getLogger("gunicorn.error").handlers[:] = [handler]
    # A level keeps upstream from adding a handler of its own, which would log everything twice.
    logging.getLogger("engineio.server").setLevel(logging.ERROR)
    # Its two errors per failed publish say less than our own line about the outage.
    logging.getLogger("socketio.server").setLevel(logging.CRITICAL)
    # Of alembic, only the migrations that it runs are worth a line.
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
    logging.getLogger("alembic.runtime.migration").addFilter(
        lambda record: record.getMessage().startswith("Running")
    )

"""Stop asking a service that is away for a moment, and log that once a minute."""

import logging
import threading
import time

from webapp.infra.metrics import BREAKER_OPEN

log = logging.getLogger(__name__)

# Long enough that a page does not wait for a timeout again and again.
PAUSE_SECONDS = 1.0
LOG_EVERY_SECONDS = 60.0


class Breaker:
    """Remembers, for all threads of the process, that a service failed.

    `answers` are exceptions that show that the service does answer: it only refuses a command.
    Without `logs` the caller logs the error.
    """

    def __init__(
        self, name: str, answers: tuple[type[Exception], ...] = (), *, logs: bool = True
    ) -> None:
        self.name = name
        self._logs = logs
        # May be longer where a background task asks on, and reports success.
        self.pause_seconds = PAUSE_SECONDS
        self._answers = answers
        self._lock = threading.Lock()
        self._asks_again_at = 0.0
        self._logs_again_at = 0.0
        gauge = BREAKER_OPEN.labels(name.removeprefix("the ").lower())
        gauge.set_function(lambda: float(self.open))

    @property
    def open(self) -> bool:
        """Return True while the service should not be asked."""
        return time.monotonic() < self._asks_again_at

    def succeeded(self) -> None:
        """Close the breaker: the service answers again."""
        self._asks_again_at = 0.0

    def failed(self, error: Exception) -> None:
        """Open the breaker for a moment, unless `error` is an answer; log one line a minute."""
        if isinstance(error, self._answers):
            log.warning("%s refused a command: %s", self.name, error)
            return
        now = time.monotonic()
        with self._lock:
            self._asks_again_at = now + self.pause_seconds
            is_due = self._logs and now >= self._logs_again_at
            if is_due:
                self._logs_again_at = now + LOG_EVERY_SECONDS
        if is_due:
            log.warning("%s does not answer, going on without it: %s", self.name, error)

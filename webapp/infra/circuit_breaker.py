"""What to do while Redis is away: stop asking for a moment, and say so once a minute."""

import logging
import threading
import time

log = logging.getLogger(__name__)

# Long enough that a page does not wait for a time-out again and again.
PAUSE_SECONDS = 1.0
SAY_EVERY_SECONDS = 60.0


class Breaker:
    """Remembers that a service failed, for all threads of the process."""

    def __init__(self, name: str) -> None:
        self.name = name
        # May be longer where somebody tries in the background, and says when it succeeded.
        self.pause_seconds = PAUSE_SECONDS
        self._lock = threading.Lock()
        self._asks_again_at = 0.0
        self._says_again_at = 0.0

    @property
    def open(self) -> bool:
        """True while the service should not be asked."""
        return time.monotonic() < self._asks_again_at

    def succeeded(self) -> None:
        """Close: the service answers again."""
        self._asks_again_at = 0.0

    def failed(self, error: Exception) -> None:
        """Open for a moment; one log line a minute names the error."""
        now = time.monotonic()
        with self._lock:
            self._asks_again_at = now + self.pause_seconds
            say = now >= self._says_again_at
            if say:
                self._says_again_at = now + SAY_EVERY_SECONDS
        if say:
            log.warning("%s does not answer, going on without it: %s", self.name, error)

"""Limit how often each employee may do something, counted in this process."""

import math
import time
from collections.abc import Callable

from flask import Flask, current_app

from webapp.errors import SlowDown

# Reading is what an employee may do without storing anything: asking for messages, connecting.
# Ten tabs that reconnect at once need twenty.
READS = 30
READS_SECONDS = 15.0
# Keys that are kept before those without debt are dropped.
KEPT_KEYS = 1000


class Allowance:
    """Lets each key do something `amount` times at once, and as often again in `seconds`."""

    def __init__(
        self, amount: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval = seconds / amount
        self._burst = seconds - self._interval
        self._clock = clock
        # For each key the time at which it will have its whole allowance again.
        self._whole_at: dict[int, float] = {}
        self._prune_at = KEPT_KEYS

    def __len__(self) -> int:
        return len(self._whole_at)

    def take(self, key: int) -> None:
        """Count one. Raises `SlowDown` with the seconds to wait when the allowance is used up."""
        now = self._clock()
        whole_at = max(now, self._whole_at.get(key, now))
        if (wait := whole_at - now - self._burst) > 0:
            raise SlowDown(retry_after=math.ceil(wait))
        self._whole_at[key] = whole_at + self._interval
        if len(self._whole_at) > self._prune_at:
            self._whole_at = {one: at for one, at in list(self._whole_at.items()) if at > now}
            self._prune_at = max(KEPT_KEYS, 2 * len(self._whole_at))


def init_reads(app: Flask) -> None:
    """Give `app` an allowance of reads for each employee."""
    app.extensions["reads"] = Allowance(READS, READS_SECONDS)


def take_read(employee_id: int) -> None:
    """Count one read of an employee in the current application. Raises `SlowDown`."""
    reads: Allowance = current_app.extensions["reads"]
    reads.take(employee_id)

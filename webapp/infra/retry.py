"""Wait for the services that a process needs, so that anything may start first."""

import logging
import time
from collections.abc import Callable

from tenacity import RetryCallState, Retrying, wait_random_exponential

from webapp.errors import first_line

log = logging.getLogger(__name__)

# Full jitter keeps a hundred processes from asking a database that comes back all at once.
PAUSES = wait_random_exponential(multiplier=0.5, max=5)


# A server that is just being set up may refuse its users for a moment.
REFUSED_SECONDS = 5


def wait_until(
    name: str,
    probe: Callable[[], object],
    is_refusal: Callable[[BaseException], bool] = lambda _error: False,
) -> None:
    """Call `probe()` until it does not raise; log the failed attempts, once a minute.

    Raises what `probe` raised when that has been a refusal for `REFUSED_SECONDS`.
    """
    refused_at: list[float] = []

    def refused_for_long(state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if error is None or not is_refusal(error):
            refused_at.clear()
            return False
        refused_at.append(time.monotonic())
        return refused_at[-1] - refused_at[0] >= REFUSED_SECONDS

    def report(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        pause = state.next_action.sleep if state.next_action else 0
        reason = first_line(error) if isinstance(error, Exception) else "?"
        log.warning(
            "waiting for %s: %s (again in %.1f s)", name, reason, pause, extra={"kind": name}
        )

    attempts = Retrying(wait=PAUSES, stop=refused_for_long, before_sleep=report, reraise=True)
    attempts(probe)

"""Wait for the services that a process needs, so that anything may start first."""

import logging
from collections.abc import Callable

from tenacity import RetryCallState, Retrying, stop_never, wait_random_exponential

from webapp.errors import first_line

log = logging.getLogger(__name__)

# Full jitter keeps a hundred processes from asking a database that comes back all at once.
PAUSES = wait_random_exponential(multiplier=0.5, max=5)


def wait_until(name: str, probe: Callable[[], object]) -> None:
    """Call `probe()` until it does not raise; log the failed attempts, once a minute."""

    def report(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        pause = state.next_action.sleep if state.next_action else 0
        reason = first_line(error) if isinstance(error, Exception) else "?"
        log.warning(
            "waiting for %s: %s (again in %.1f s)", name, reason, pause, extra={"kind": name}
        )

    Retrying(wait=PAUSES, stop=stop_never, before_sleep=report)(probe)

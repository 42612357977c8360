"""Run the long-running loops of a process, so that none of them can end unnoticed.

A loop is a step that is called again and again. An exception costs its step alone: it is logged
(once a minute per kind), counted as `townhall_loop_failures_total`, and the loop goes on. A loop
that ends all the same ends the process: its supervisor starts it again, and viewers move to
another node meanwhile. A node that serves without its sweep would show them less than there is.
"""

import logging
import os
import sys
import time
from collections.abc import Callable

from flask import Flask
from prometheus_client import Counter

from webapp.errors import is_outage, log_outage

log = logging.getLogger(__name__)

# Before the next step after one that failed, so that a permanent failure does not use up the CPU.
PAUSE_SECONDS = 0.5

FAILURES = Counter(
    "townhall_loop_failures", "Steps of a long-running loop that raised an exception.", ["loop"]
)

Step = Callable[[], object]


def start_loop(spawn: Callable[..., object], name: str, step: Step) -> None:
    """Call `step` again and again in a task of its own, made by `spawn`, until the process ends."""
    FAILURES.labels(name)  # /metrics shows the loop before its first failure
    spawn(_run, name, step)


def attempt(name: str, step: Step) -> bool:
    """Call `step` once; log and count an exception. Return whether there was none."""
    try:
        step()
    except Exception as error:
        count_failure(name, error)
        return False
    return True


def in_app_context(app: Flask, step: Step) -> None:
    """Call `step` in a context of its own, whose end rolls back (see `end_transaction`)."""
    with app.app_context():
        step()


def count_failure(name: str, error: Exception) -> None:
    """Log `error` for the loop `name` and add one to its failures."""
    FAILURES.labels(name).inc()
    if is_outage(error):
        log_outage(error)
    else:
        log.error("%s failed and goes on", name, exc_info=error, extra={"kind": name})


def _run(name: str, step: Step) -> None:
    try:
        while True:
            if not attempt(name, step):
                time.sleep(PAUSE_SECONDS)
    finally:
        # The end of the interpreter unwinds every task as well.
        if not sys.is_finalizing():
            log.critical("%s has ended, and with it this process", name)
            os._exit(os.EX_SOFTWARE)

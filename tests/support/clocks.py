"""The clock of the test's own process."""

import time
from datetime import datetime

import pytest

from webapp.infra import clock


def set_clock(patch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Let `utcnow()` begin at `moment` in this process, whatever the system or a database shows.

    Once a test has connected to the database of the full system, `utcnow()` follows that one's
    clock, which time-machine cannot set, and each new connection sets it again.
    """
    patch.setattr(clock, "_reference", (moment, time.monotonic()))
    patch.setattr(clock, "go_by", lambda *_: None)

"""`make chaos`: random faults on a private stack while people write, and a verdict on the chat.

Settings from the environment: SECONDS (60) of faults, NODES (2), PAGES (9), SEED to repeat a run.
Exit status 1 unless nothing was lost, doubled, out of order or left without an answer.
"""

import random
import sys
import time
from collections.abc import Callable

from stack import Stack
from stack.__main__ import Interrupted, SettingError, StopRequest, number
from stack.chaos import store
from stack.chaos.audience import Audience, NotSettledError
from stack.chaos.faults import draw, mend_all
from stack.chaos.ledger import Verdict
from stack.process import NotReadyError
from stack.tools import MissingToolsError

SETTLE_SECONDS = 60.0


def main() -> int:
    """Run to the end or until stopped, and return the exit status."""
    request = StopRequest()
    try:
        return run(request)
    except Interrupted:
        print("Stopped before the end; there is no verdict.", file=sys.stderr)
    except (MissingToolsError, NotReadyError, NotSettledError, SettingError) as error:
        print(error, file=sys.stderr)
    return 1


def run(request: StopRequest) -> int:
    """Start a stack and an audience, make faults, judge, and return the exit status."""
    seconds, nodes, pages = number("SECONDS", 60), number("NODES", 2), number("PAGES", 9)
    seed = number("SEED", random.randrange(1, 65536))
    print(f"SEED={seed}: {nodes} nodes, {pages} pages, {seconds} s of faults.", flush=True)
    with Stack(nodes=nodes, pause=request.pause) as stack:
        slug = store.open_event(stack)
        store.open_named_poll(stack, slug)
        with Audience(stack.url, slug, store.people(stack, pages)) as audience:
            audience.wait_for_messages(3)
            _make_faults(stack, audience, random.Random(seed), seconds, request.pause)
            verdict = audience.settle(
                lambda: store.stored(stack, slug),
                lambda: store.stored_questions(stack, slug),
                lambda: store.stored_poll(stack, slug),
                SETTLE_SECONDS,
            )
    print(*verdict.lines(), sep="\n")
    print(_conclusion(verdict, seed))
    return 0 if verdict.faultless else 1


def _make_faults(
    stack: Stack,
    audience: Audience,
    chance: random.Random,
    seconds: float,
    pause: Callable[[float], None],
) -> None:
    """Make one fault after the other, with pauses; leave with everything running again.

    During each fault a page is reloaded, with whatever it has not sent yet.
    """
    begin = time.monotonic()
    try:
        while time.monotonic() - begin < seconds:
            fault = draw(stack, chance)
            print(f"{time.monotonic() - begin:5.1f} s  {fault}", flush=True)
            fault.make()
            _wait(fault.seconds / 2, pause)
            chance.choice(audience.pages).open()
            _wait(fault.seconds / 2, pause)
            fault.mend()
            _wait(chance.uniform(0.5, 3), pause)
    finally:
        mend_all(stack)


def _wait(seconds: float, pause: Callable[[float], None]) -> None:
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        pause(min(left, 0.2))


def _conclusion(verdict: Verdict, seed: int) -> str:
    if verdict.faultless:
        return (
            "Every acknowledged message and question is on every page exactly once and in order, "
            "and every vote and every answer counts once."
        )
    return f"The live page broke a promise. SEED={seed} repeats these faults."


if __name__ == "__main__":
    sys.exit(main())

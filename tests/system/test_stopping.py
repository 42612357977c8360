"""A web worker that is told to stop answers everybody who has connected to it."""

import http.client
import threading
from collections import Counter
from collections.abc import Iterator

import pytest

from stack import Stack
from stack.app import WebWorker
from stack.ports import LOOPBACK
from tests.support.waiting import wait_for


@pytest.fixture
def worker(stack: Stack) -> Iterator[WebWorker]:
    worker = stack.web[0]
    yield worker
    if not worker.running:
        worker.start()


def send_forms(port: int, results: Counter[str], done: threading.Event) -> None:
    """Send forms, each over a connection of its own, until connections are refused."""
    while not done.is_set():
        browser = http.client.HTTPConnection(LOOPBACK, port, timeout=15)
        try:
            browser.connect()
        except ConnectionRefusedError:
            results["refused"] += 1
            return
        try:
            browser.request("POST", "/check-out", body=b"x=1")
            results[str(browser.getresponse().status)] += 1
        except (OSError, http.client.HTTPException) as error:
            results[type(error).__name__] += 1
        finally:
            browser.close()


def ask(connection: http.client.HTTPConnection) -> str | None:
    """Return the header `Connection` of an answer."""
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    assert answer.read()
    return answer.getheader("Connection")


def test_a_stopping_worker_answers_every_form_that_reached_it(worker: WebWorker) -> None:
    results: Counter[str] = Counter()
    done = threading.Event()
    senders = [
        threading.Thread(target=send_forms, args=(worker.port, results, done)) for _ in range(8)
    ]
    # A silent connection, as nginx keeps some.
    silent = http.client.HTTPConnection(LOOPBACK, worker.port)
    assert ask(silent) == "keep-alive"
    try:
        for sender in senders:
            sender.start()
        wait_for(lambda: sum(results.values()) > 40, 20, "forms are answered")
        worker.terminate()
        # It still answers over the connection that was there before, until it says that it closes.
        wait_for(lambda: ask(silent) == "close", 10, "the worker announces its end")
        wait_for(lambda: not worker.running, 15, "the worker ends")
        for sender in senders:
            sender.join(15)
    finally:
        done.set()
        for sender in senders:
            sender.join()
    assert set(results) == {"400", "refused"}, results
    assert worker.exit_status == 0

"""Exports beside viewers: many at once, and some that nobody reads."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from statistics import median

import pytest
import requests

from tests.support.meeting import Meeting
from tests.support.moderator import Moderator
from tests.support.waiting import wait_for
from webapp.domain.models import Employee
from webapp.infra.extensions import db

EMPLOYEES = 3000
MOST = 40


@pytest.fixture
def admin(meeting: Meeting) -> Moderator:
    """Return an admin beside a list of thousands of employees."""
    with meeting.app.app_context():
        people = [
            Employee(
                email=f"{meeting.slug}-{number}@example.com",
                employee_number=f"x{meeting.slug}{number}",
                first_name="Somebody",
                last_name=f"With a long name {number}",
                department="Export",
                location="Everywhere",
            )
            for number in range(EMPLOYEES)
        ]
        db.session.add_all(people)
        db.session.commit()
    return Moderator(meeting)


def test_exports_that_nobody_reads_leave_pages_quick(meeting: Meeting, admin: Moderator) -> None:
    viewer = meeting.viewer()
    page = f"{meeting.site}/events/{meeting.slug}/live"
    export = f"{meeting.site}/admin/events/{meeting.slug}/attendance.csv"

    def look() -> float:
        started = time.monotonic()
        assert viewer.web.get(page, timeout=15).status_code == 200
        return time.monotonic() - started

    quiet = median(look() for _ in range(10))
    with ExitStack() as closing:
        for _ in range(MOST):
            closing.enter_context(request_without_reading(export, admin.web))
        busy = sorted(look() for _ in range(20))
        # All at once took every thread of both workers for 18 s.
        assert busy[-2] < max(2.0, 20 * quiet)
    wait_for(
        lambda: admin.web.get(export, timeout=15).status_code == 200, 30, "exports go on afterwards"
    )


def request_without_reading(address: str, session: requests.Session) -> socket.socket:
    host, _, path = address.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((name, int(port)))
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in session.cookies)
    head = f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookies}\r\n\r\n"
    connection.sendall(head.encode())
    return connection


def test_workbooks_beyond_the_places_are_refused_for_a_moment(
    meeting: Meeting, admin: Moderator
) -> None:
    export = f"{meeting.site}/admin/events/{meeting.slug}/attendance.xlsx"
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: admin.web.get(export, timeout=60), range(16)))
    assert {answer.status_code for answer in answers} == {200, 503}
    refused = [answer for answer in answers if answer.status_code == 503]
    assert {answer.headers["Retry-After"] for answer in refused} == {"10"}

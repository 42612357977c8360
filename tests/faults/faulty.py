"""Helpers of the tests of faults: the log lines of a system, and a newcomer during a fault."""

import re
import time
from collections import Counter
from dataclasses import dataclass

import requests

from tests.support.meeting import Meeting

Line = tuple[str, str]  # the process, and what it logged

# The processes of Townhall itself, by the names that the tests give them.
OWN = ("web", "realtime", "embedded", "apart")


class Log:
    """The lines of all processes since the last `begin`."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._begun = 0

    def note(self, name: str, line: str) -> None:
        """Add a line."""
        self._lines.append((name, line))

    def begin(self) -> None:
        """Forget what was logged before."""
        self._begun = len(self._lines)

    def own(self) -> list[Line]:
        """Return the lines of our own processes, without the progress that they log."""
        lines = self._lines[self._begun :]
        return [(n, line) for n, line in lines if n.startswith(OWN) and " INFO " not in line]

    def check(self, reason: str) -> str:
        """Assert that each process said why, once for each store; return a line.

        Nothing else may be logged.
        """
        lines = self.own()
        assert lines, f"nobody logged {reason!r}"
        assert all(re.search(reason, line) for _, line in lines), lines
        said = [(name, line.partition(" WARNING ")[2]) for name, line in lines]
        stores = Counter((name, text.partition(":")[0]) for name, text in said)
        assert max(stores.values()) == 1, lines
        return said[0][1]


@dataclass
class Report:
    """What somebody saw of a fault; printed by `pytest -s`, as a row of a table."""

    fault: str
    live: int
    check_in: int
    post: str
    seconds: float
    line: str

    def show(self) -> None:
        """Print the row."""
        seconds = f"{self.seconds:.1f} s"
        cells = (self.fault, self.live, self.check_in, self.post, seconds, self.line)
        print("|", " | ".join(map(str, cells)), "|")


class Newcomer:
    """An employee who checks in by form during a fault."""

    def __init__(self, meeting: Meeting, site: str = "") -> None:
        self.site = site or meeting.site
        self.address = f"{self.site}/events/{meeting.slug}/"
        self.email, self.number = meeting.employee()
        self.web = requests.Session()

    def check_in(self, at: str = "") -> requests.Response:
        """Send the form, to another worker if `at` names one."""
        return self.send(self.web.get(self.address, timeout=20).text, at)

    def send(self, form: str, at: str = "") -> requests.Response:
        """Send a form that was opened before."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', form)
        assert token, form
        address = self.address.replace(self.site, at or self.site)
        fields = {"email": self.email, "employee_number": self.number, "csrf_token": token[1]}
        answer = self.web.post(f"{address}check-in", data=fields, allow_redirects=False, timeout=20)
        if answer.status_code == 503:
            assert self.email in answer.text, "the typed values are lost"
            assert int(answer.headers["Retry-After"]) < 10
        return answer

    def live(self, at: str = "") -> int:
        """Return the status of the live page."""
        address = self.address.replace(self.site, at or self.site)
        return self.web.get(f"{address}live", allow_redirects=False, timeout=20).status_code


def seconds_since(began: float) -> float:
    return time.monotonic() - began

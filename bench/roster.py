"""The roster page at 50 and at 50,000 employees, from a real web worker with MariaDB.

REQUESTS=640 of each size, while the event is open, and as many when it is closed: a two-hour event
with 5,000 viewers (at 50 employees: 50), and every one of their minutes.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from bench import data
from bench.browser import Browser
from bench.checkin_report import percentile
from bench.counters import counters
from bench.report import Bar, Report, Table
from bench.visitor import TOKEN
from stack import Stack
from webapp.domain.admins.accounts import create_admin
from webapp.domain.attendance.closing import close
from webapp.domain.attendance.statuses import STATUSES
from webapp.domain.employees import rosters
from webapp.domain.events.store import get_event
from webapp.domain.models import AudienceMinute, Employee, Event, RosterEntry, WatchedMinute
from webapp.domain.roster.filters import SORT_KEYS
from webapp.domain.roster.roster import PAGE_ROWS
from webapp.infra.clock import minute_of, utcnow
from webapp.infra.extensions import Model, db

SIZES = (50, 50_000)
VIEWERS, MINUTES = 5_000, 120
ADMIN, PASSWORD = "admin@example.com", "townhall-bench"
BAR_SECONDS, BAR_STATEMENTS = 0.3, 6
WARM_UP = 20
ROWS_AT_ONCE = 20_000
# Actions with the addresses that perform them: of each order, either way, the first page, the one
# in the middle and the last.
PAGES = {
    "as it opens": [""],
    **{
        f"by {sort.replace('_', ' ')}": [
            f"sort={down}{sort}&page={page}"
            for down in ("", "-")
            for page in ("1", "{middle}", "{last}")
        ]
        for sort in SORT_KEYS
    },
    "each department": ["sort=department&by=department"],
    "one status": [f"status={status}" for status in STATUSES],
    "the last who are absent": ["status=absent&sort=-minutes&page={absent}"],
    "one department": ["department=Department+3", "department=Department+3&sort=minutes"],
    "a search that finds many": ["q=person4", "q=person4&sort=-minutes", "q=4&page={few}"],
    "a search that finds all": ["q=person", "q=person&sort=-minutes&page={middle}"],
    "a search that finds nobody": ["q=nobody"],
}
ADDRESSES = sum(map(len, PAGES.values()))


@dataclass
class Found:
    """The measurements of one roster by page: seconds of each response, most statements."""

    employees: int
    state: str
    minutes: int
    seconds: dict[str, list[float]] = field(default_factory=dict)
    statements: dict[str, float] = field(default_factory=dict)

    @property
    def all(self) -> list[float]:
        """Return the seconds of every response."""
        return [s for seconds in self.seconds.values() for s in seconds]

    @property
    def label(self) -> str:
        """Return the number of employees and the state of the event."""
        return f"{self.employees:,} {self.state}"


def run() -> Report:
    """Measure both sizes on one stack; the larger after more employees have come."""
    requests = int(os.environ.get("REQUESTS", "640"))
    with Stack(web=1, nodes=1, demo=False) as stack, data.opened(stack.settings):
        create_admin(ADMIN, PASSWORD)
        found = [each for size in SIZES for each in _measure(stack, size, requests)]
    return Report(
        f"The roster of a two-hour event: {requests} pages of each",
        [_latency(found), _statements(found)],
        _bars(found),
        {f.label: {"seconds": f.seconds, "statements": f.statements} for f in found},
    )


def _measure(stack: Stack, size: int, requests: int) -> Iterator[Found]:
    print(f"roster: {size} employees", flush=True)
    slug = f"roster-{size}"
    missing = size - (db.session.scalar(select(func.count()).select_from(Employee)) or 0)
    _add_employees(size - missing, missing)
    minutes = _add_event(slug, min(size, VIEWERS))
    for state in ("open", "closed"):
        if state == "closed":
            close(get_event(slug).id, utcnow())
        found = Found(size, state, minutes)
        asyncio.run(_visit(stack, slug, found, max(1, requests // ADDRESSES)))
        yield found


async def _visit(stack: Stack, slug: str, found: Found, rounds: int) -> None:
    last = found.employees // PAGE_ROWS
    numbers = {"middle": max(1, last // 2), "last": last}
    numbers |= {
        "few": max(1, last // 5),
        "absent": max(1, (found.employees - VIEWERS) // PAGE_ROWS),
    }
    pages = [
        (name, f"/admin/events/{slug}/attendance?{query.format_map(numbers)}")
        for name, queries in PAGES.items()
        for query in queries
    ]
    async with Browser(stack.web[0].port) as browser:
        form = await browser.get("/admin/login")
        fields = {"csrf_token": TOKEN.findall(form.text)[0], "email": ADMIN, "password": PASSWORD}
        assert (await browser.post("/admin/login", **fields)).status == 303
        for _ in range(WARM_UP):
            await browser.get(pages[0][1])
        with counters(stack) as counted:
            for name, address in pages:
                counted.reset()
                await browser.get(address)
                selects = counted.since().kinds["Com_select"]
                found.statements[name] = max(selects, found.statements.get(name, 0))
        for _ in range(rounds):
            for name, address in pages:
                begin = time.perf_counter()
                answer = await browser.get(address)
                found.seconds.setdefault(name, []).append(time.perf_counter() - begin)
                assert answer.status == 200, answer.text


def _add_employees(first: int, count: int) -> None:
    rows = [
        {
            "email": f"person{n}@example.com",
            "employee_number": f"E{n:06}",
            "first_name": f"Person {n % 700}",
            "last_name": f"Family {n * 7919 % 9973}",
            "department": f"Department {n % 40}",
            "location": f"Location {n % 12}",
        }
        for n in range(first, first + count)
    ]
    _insert(Employee, rows)


def _add_event(slug: str, viewers: int) -> int:
    """Add an open event near its end with everyone's minutes; return the number of minutes."""
    begin = utcnow().replace(second=0, microsecond=0) - timedelta(minutes=MINUTES - 1)
    event = Event(
        slug=slug,
        title="Town hall",
        state="open",
        timezone="Europe/Berlin",
        starts_at=begin,
        ends_at=begin + timedelta(minutes=MINUTES),
        stream_url="",
    )
    db.session.add(event)
    db.session.flush()
    began = time.perf_counter()
    rosters.fill(event.id)
    db.session.commit()
    print(f"roster: filled in {time.perf_counter() - began:.2f} s", flush=True)
    ids = list(db.session.scalars(select(Employee.id).order_by(Employee.id)))
    ids = ids[:: max(1, len(ids) // viewers)][:viewers]
    first = minute_of(begin)
    # Most stay from beginning to end; some leave, some come late, some never watch.
    spans = {
        one: (first + place % 3, first + MINUTES - (place % 20 == 0) * (place % 110))
        for place, one in enumerate(ids)
    }
    spans |= dict.fromkeys(ids[::50], (first, first))
    figures = [
        {
            "employee": one,
            "checked_in_at": begin,
            "watched_minutes": max(0, last - start),
            "first_minute": start if last > start else None,
            "last_minute": last - 1 if last > start else None,
        }
        for one, (start, last) in spans.items()
    ]
    rows = [
        {"event_id": event.id, "employee_id": one, "minute": minute}
        for one, (start, last) in spans.items()
        for minute in range(start, last)
    ]
    audience = [
        {"event_id": event.id, "minute": minute, "viewers": 1}
        for minute in range(first, first + MINUTES)
    ]
    theirs = (
        RosterEntry.event_id == event.id,
        RosterEntry.employee_id == bindparam("employee"),
    )
    db.session.connection().execute(update(RosterEntry).where(*theirs), figures)
    _insert(WatchedMinute, rows)
    _insert(AudienceMinute, audience)
    return len(rows)


def _insert(table: type[Model], rows: list[dict[str, Any]]) -> None:
    for begin in range(0, len(rows), ROWS_AT_ONCE):
        db.session.execute(insert(table), rows[begin : begin + ROWS_AT_ONCE])
        db.session.commit()


def _latency(found: list[Found]) -> Table:
    head = [f"{f.label} {figure}" for f in found for figure in ("p50", "p99", "max")]
    rows = [[name, *(_ms(s) for f in found for s in _spread(f.seconds[name]))] for name in PAGES]
    rows.append(["all", *(_ms(s) for f in found for s in _spread(f.all))])
    return Table("Latency of a page, by number of employees", ["", *head], list(rows))


def _statements(found: list[Found]) -> Table:
    rows = [[name, *(f"{f.statements[name]:g}" for f in found)] for name in PAGES]
    rows.append(["watched minutes in the table", *(f"{f.minutes:,}" for f in found)])
    head = [f.label for f in found]
    return Table("SQL statements of a page", ["", *head], list(rows))


def _bars(found: list[Found]) -> list[Bar]:
    most = max(max(f.statements.values()) for f in found)
    same = all(f.statements == found[0].statements for f in found)
    p99s = {f.label: percentile(f.all, 99) for f in found if f.employees == SIZES[-1]}
    return [
        Bar("the same number of statements", "yes" if same else "no", same),
        Bar(f"at most {BAR_STATEMENTS} statements", f"{most:g}", most <= BAR_STATEMENTS),
        *(Bar(f"99 % within 300 ms, {n}", _ms(p99), p99 <= BAR_SECONDS) for n, p99 in p99s.items()),
    ]


def _spread(seconds: list[float]) -> tuple[float, float, float]:
    return percentile(seconds, 50), percentile(seconds, 99), max(seconds)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"

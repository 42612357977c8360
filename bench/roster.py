"""The roster page at 50 and at 50,000 employees, from a real web worker with MariaDB.

REQUESTS=400 of each size; a two-hour event with 5,000 viewers (at 50 employees: 50), and every one
of their minutes.
"""

import asyncio
import os
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, select

from bench import data
from bench.browser import Browser
from bench.checkin_report import percentile
from bench.counters import counters
from bench.report import Bar, Report, Table
from bench.visitor import TOKEN
from stack import Stack
from webapp.core.admins import create_admin
from webapp.core.clock import minute_of, utcnow
from webapp.core.extensions import Model, db
from webapp.core.models import (
    Attendance,
    AudienceMinute,
    Employee,
    Event,
    WatchedMinute,
)

SIZES = (50, 50_000)
VIEWERS, MINUTES = 5_000, 120
ADMIN, PASSWORD = "admin@example.com", "townhall-bench"
BAR_SECONDS, BAR_STATEMENTS = 0.3, 6
WARM_UP = 20
ROWS_AT_ONCE = 20_000
PAGES = {
    "as it opens": "",
    "by minutes, most first": "sort=-minutes",
    "by minutes, fewest first": "sort=minutes",
    "by status": "sort=status",
    "by check-in": "sort=checked_in",
    "by number": "sort=number",
    "by department": "sort=department&by=department",
    "who left early": "status=left_early",
    "who is absent": "status=absent",
    "one department": "department=Department+3",
    "search that finds many": "q=person4",
    "search that finds nobody": "q=nobody",
    "the middle by name": "page={middle}",
}
# Nobody leafs through 500 pages by a figure; it is shown, and no promise.
EXTREME = {"(no bar) the middle by minutes": "sort=-minutes&page={middle}"}


@dataclass
class Found:
    """Of one size: seconds of each answer by page, and what was asked of the database."""

    employees: int
    minutes: int
    seconds: dict[str, list[float]] = field(default_factory=dict)
    statements: dict[str, float] = field(default_factory=dict)

    @property
    def all(self) -> list[float]:
        """The answers that the bar is about."""
        return [s for page in PAGES for s in self.seconds[page]]


def run() -> Report:
    """Measure both sizes on one stack; the larger after more employees have come."""
    requests = int(os.environ.get("REQUESTS", "400"))
    with Stack(web=1, nodes=1, demo=False) as stack, data.opened(stack.settings):
        create_admin(ADMIN, PASSWORD)
        found = [_measure(stack, size, requests) for size in SIZES]
    return Report(
        f"The roster of a two-hour event: {requests} pages of each size",
        [_latency(found), _statements(found)],
        _bars(found),
        {str(f.employees): {"seconds": f.seconds, "statements": f.statements} for f in found},
    )


def _measure(stack: Stack, size: int, requests: int) -> Found:
    print(f"roster: {size} employees", flush=True)
    slug = f"roster-{size}"
    missing = size - (db.session.scalar(select(func.count()).select_from(Employee)) or 0)
    _add_employees(size - missing, missing)
    found = Found(size, _add_event(slug, min(size, VIEWERS)))
    asyncio.run(_visit(stack, slug, found, max(1, requests // len(PAGES))))
    return found


async def _visit(stack: Stack, slug: str, found: Found, rounds: int) -> None:
    middle = max(1, found.employees // 50 // 2)
    pages = {
        name: f"/admin/events/{slug}/attendance?{query.format(middle=middle)}"
        for name, query in (PAGES | EXTREME).items()
    }
    async with Browser(stack.web[0].port) as browser:
        form = await browser.get("/admin/login")
        fields = {"csrf_token": TOKEN.findall(form.text)[0], "email": ADMIN, "password": PASSWORD}
        assert (await browser.post("/admin/login", **fields)).status == 303
        for _ in range(WARM_UP):
            await browser.get(pages["as it opens"])
        with counters(stack) as counted:
            for name, address in pages.items():
                counted.reset()
                await browser.get(address)
                found.statements[name] = counted.since().kinds["Com_select"]
        for _ in range(rounds):
            for name, address in pages.items():
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
    """An open event near its end, everyone's minutes with it; how many these are."""
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
    db.session.commit()
    ids = list(db.session.scalars(select(Employee.id).order_by(Employee.id)))
    ids = ids[:: max(1, len(ids) // viewers)][:viewers]
    first = minute_of(begin)
    # Most stay from beginning to end; some leave, some come late, some never watch.
    spans = {
        one: (first + place % 3, first + MINUTES - (place % 20 == 0) * (place % 110))
        for place, one in enumerate(ids)
    }
    spans |= dict.fromkeys(ids[::50], (first, first))
    attendance = [
        {
            "event_id": event.id,
            "employee_id": one,
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
    for table, some in (
        (Attendance, attendance),
        (WatchedMinute, rows),
        (AudienceMinute, audience),
    ):
        _insert(table, some)
    return len(rows)


def _insert(table: type[Model], rows: list[dict[str, Any]]) -> None:
    for begin in range(0, len(rows), ROWS_AT_ONCE):
        db.session.execute(insert(table), rows[begin : begin + ROWS_AT_ONCE])
        db.session.commit()


def _latency(found: list[Found]) -> Table:
    head = [f"{f.employees:,} {figure}" for f in found for figure in ("p50", "p99", "max")]
    rows = [
        [name, *(_ms(s) for f in found for s in _spread(f.seconds[name]))]
        for name in (PAGES | EXTREME)
    ]
    rows.append(["all but the last", *(_ms(s) for f in found for s in _spread(f.all))])
    return Table("Latency of a page, by number of employees", ["", *head], list(rows))


def _statements(found: list[Found]) -> Table:
    rows = [[name, *(f"{f.statements[name]:g}" for f in found)] for name in (PAGES | EXTREME)]
    rows.append(["watched minutes in the table", *(f"{f.minutes:,}" for f in found)])
    head = [f"{f.employees:,} employees" for f in found]
    return Table("SQL statements of a page", ["", *head], list(rows))


def _bars(found: list[Found]) -> list[Bar]:
    small, large = found
    most = max(max(f.statements.values()) for f in found)
    p99 = percentile(large.all, 99)
    same = small.statements == large.statements
    return [
        Bar("the same number of statements", "yes" if same else "no", same),
        Bar(f"at most {BAR_STATEMENTS} statements", f"{most:g}", most <= BAR_STATEMENTS),
        Bar("99 % within 300 ms at 50,000 employees", _ms(p99), p99 <= BAR_SECONDS),
    ]


def _spread(seconds: list[float]) -> tuple[float, float, float]:
    return percentile(seconds, 50), percentile(seconds, 99), max(seconds)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"

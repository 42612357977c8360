"""Watched minutes: counted once whatever happens, and every figure is that of the raw rows.

A second, naive program computes the roster from `watched_minutes` and `attendance` alone.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.support.data import add_employee, add_event
from tests.support.statements import counted_statements
from webapp.domain.attendance import checkin
from webapp.domain.attendance.minutes import record_minute, watched_minutes
from webapp.domain.events.store import EventInfo, get_event
from webapp.domain.models import (
    AudienceMinute,
    AuditEntry,
    Employee,
    Event,
    RosterEntry,
    WatchedMinute,
)
from webapp.domain.roster import roster
from webapp.domain.roster.filters import Sort
from webapp.domain.running.states import change_state
from webapp.infra.clock import minute_of, utcnow
from webapp.infra.extensions import db
from webapp.infra.rate_limit import Client

EMPLOYEES, MINUTES = 6, 12
# The connections of each node in each minute; a crashed node reports nothing for a minute,
# one that was late says it after the next, one that lost the answer says it twice.
OFFICE = Client("192.0.2.1")
SAMPLES = st.lists(
    st.tuples(
        st.integers(0, MINUTES - 1),
        st.sets(st.integers(0, EMPLOYEES - 1), max_size=EMPLOYEES),
    ),
    max_size=30,
)
CHECKED_IN = st.sets(st.integers(0, EMPLOYEES - 1))
numbers = iter(range(10**6))


def naive_roster(event: Event) -> dict[str, tuple[str, int]]:
    """Return status and minutes of each number, by counting rows one by one."""
    came = set(
        db.session.scalars(
            select(RosterEntry.employee_id).where(
                RosterEntry.event_id == event.id, RosterEntry.checked_in_at.is_not(None)
            )
        )
    )
    seen: dict[int, set[int]] = defaultdict(set)
    for row in db.session.scalars(select(WatchedMinute).where(WatchedMinute.event_id == event.id)):
        assert row.minute not in seen[row.employee_id]
        seen[row.employee_id].add(row.minute)
    length = round((event.ends_at - event.starts_at).total_seconds() / 60)
    now = minute_of(utcnow())
    end = minute_of(event.ends_at)
    figures = {}
    for employee in db.session.scalars(select(Employee).where(Employee.active)):
        minutes = seen[employee.id]
        if event.state == "open" and minutes and max(minutes) >= now - 1:
            status = "watching"
        elif 100 * len(minutes) >= event.required_share * length:
            status = "attended"
        elif minutes:
            status = "left_early" if end - (max(minutes) + 1) > 5 else "partly"
        else:
            status = "checked_in" if employee.id in came else "absent"
        figures[employee.employee_number] = (status, len(minutes))
    return figures


def shown_roster(event: EventInfo) -> dict[str, tuple[str, int]]:
    rows = roster.stream_rows(event, roster.Filters(sort=Sort("minutes", descending=True)))
    return {row.employee_number: (row.status, row.watched_minutes) for row in rows}


@pytest.fixture
def company(app: Flask) -> Iterator[list[int]]:
    with app.app_context():
        yield [add_employee(f"E{number}").id for number in range(EMPLOYEES)]


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(SAMPLES, CHECKED_IN, st.integers(1, 100), st.integers(0, 3 * MINUTES))
def test_after_any_history_the_roster_is_that_of_the_raw_rows(
    company: list[int],
    samples: list[tuple[int, set[int]]],
    checked_in: set[int],
    share: int,
    past: int,
) -> None:
    begin = utcnow().replace(second=0, microsecond=0) - timedelta(minutes=past)
    slug = f"history-{next(numbers)}"
    planned = add_event(
        slug,
        starts_at=begin,
        ends_at=begin + timedelta(minutes=MINUTES),
        required_share=share,
    )
    event = get_event(slug)
    for one in checked_in:
        checkin.check_in(event, f"persone{one}@example.com", f"E{one}", OFFICE)
    for minute, connected in samples:
        ids = [company[one] for one in connected]
        record_minute(event.id, ids, minute_of(begin) + minute)

    expected = naive_roster(planned)
    shown = shown_roster(event)
    # The clock may have gone on to the next minute between the two.
    assert shown == expected or shown_roster(event) == naive_roster(planned)
    counted = roster.read_roster(event, roster.Filters()).counts.by_status
    assert +counted == Counter(status for status, _ in shown.values())
    per_minute = dict(
        db.session.execute(
            select(WatchedMinute.minute, func.count())
            .where(WatchedMinute.event_id == event.id)
            .group_by(WatchedMinute.minute)
        ).all()
    )
    kept = select(AudienceMinute.minute, AudienceMinute.viewers)
    assert dict(db.session.execute(kept.where(AudienceMinute.event_id == event.id)).all()) == (
        per_minute
    )
    for one in checked_in:
        watched = watched_minutes(event.id, company[one])
        assert watched == shown[f"E{one}"][1]

    if past > MINUTES:
        change_state(event, "closed")
        db.session.expire_all()
        frozen = shown_roster(get_event(slug))
        assert frozen == naive_roster(planned)
        record_minute(event.id, company, minute_of(begin) + MINUTES - 1)
        change_state(event, "closed")
        assert shown_roster(get_event(slug)) == frozen == naive_roster(planned)


def test_a_minute_of_all_viewers_is_written_in_one_statement(
    app: Flask, company: list[int]
) -> None:
    add_event()
    event = get_event("town-hall")
    for number in range(EMPLOYEES):
        checkin.check_in(event, f"persone{number}@example.com", f"E{number}", OFFICE)
    with counted_statements(app) as statements:
        record_minute(event.id, company, 29_000_000)
    inserts = [s for s in statements if s.startswith("INSERT INTO watched_minutes")]
    assert len(inserts) == 1
    assert len([s for s in statements if s != "BEGIN IMMEDIATE"]) == 5


def test_nodes_that_count_the_same_people_at_once_count_them_once(
    app: Flask, company: list[int]
) -> None:
    add_event()
    event = get_event("town-hall")
    for number in range(EMPLOYEES):
        checkin.check_in(event, f"persone{number}@example.com", f"E{number}", OFFICE)
    nodes, minutes = 4, 5
    start = threading.Barrier(nodes, timeout=30)

    def count(node: int) -> None:
        with app.app_context():
            for minute in range(minutes):
                start.wait()
                ids = company if node % 2 else list(reversed(company))
                record_minute(event.id, ids, 29_000_000 + minute)

    threads = [threading.Thread(target=count, args=[node]) for node in range(nodes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    assert set(db.session.scalars(select(RosterEntry.watched_minutes))) == {minutes}
    assert set(db.session.scalars(select(AudienceMinute.viewers))) == {EMPLOYEES}
    rows = select(func.count()).select_from(WatchedMinute)
    assert db.session.scalar(rows) == EMPLOYEES * minutes


def test_a_minute_counted_during_the_close_is_in_the_snapshot_or_nowhere(
    app: Flask, company: list[int]
) -> None:
    for number in range(5):
        slug = f"race-{number}"
        planned = add_event(slug)
        event = get_event(slug)
        for one in range(EMPLOYEES):
            checkin.check_in(event, f"persone{one}@example.com", f"E{one}", OFFICE)
        start = threading.Barrier(3, timeout=30)

        def count(event: EventInfo = event, start: threading.Barrier = start) -> None:
            with app.app_context():
                start.wait()
                for minute in range(8):
                    first = minute_of(event.starts_at)
                    record_minute(event.id, company, first + minute)

        def close(event: EventInfo = event, start: threading.Barrier = start) -> None:
            with app.app_context():
                start.wait()
                change_state(event, "closed")

        threads = [threading.Thread(target=work) for work in (count, close, close)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        db.session.rollback()
        db.session.expire_all()
        naive = {number: minutes for number, (_, minutes) in naive_roster(planned).items()}
        frozen = {n: minutes for n, (_, minutes) in shown_roster(get_event(slug)).items()}
        assert frozen == naive


def test_old_minutes_are_reduced_to_totals(app: Flask, company: list[int]) -> None:
    begin = utcnow() - timedelta(days=91)
    for slug, start in (("old", begin), ("new", utcnow() - timedelta(hours=1))):
        add_event(slug, starts_at=start, ends_at=start + timedelta(minutes=MINUTES))
        event = get_event(slug)
        for number in range(EMPLOYEES):
            checkin.check_in(event, f"persone{number}@example.com", f"E{number}", OFFICE)
        for minute in range(8):
            record_minute(event.id, company[minute % 3 :], minute_of(start) + minute)
    before = {slug: shown_roster(get_event(slug)) for slug in ("old", "new")}
    change_state(get_event("old"), "closed")
    runner = app.test_cli_runner()
    assert runner.invoke(args=["attendance", "prune"]).output.startswith(
        "Deleted 41 watched minutes older"
    )
    assert runner.invoke(args=["attendance", "prune"]).output.startswith(
        "Deleted 0 watched minutes older"
    )
    db.session.rollback()
    said = select(AuditEntry.admin_id, Event.slug, AuditEntry.details).join(Event)
    pruned = db.session.execute(said.where(AuditEntry.action == "minutes_pruned")).all()
    assert pruned == [(None, "old", '{"minutes": 41, "older_than_days": 90}')]
    assert {slug: shown_roster(get_event(slug)) for slug in ("old", "new")} == before
    old = get_event("old").id
    kept = select(func.sum(AudienceMinute.viewers)).where(AudienceMinute.event_id == old)
    assert db.session.scalar(kept) == 41
    # Opened again, it counts on from the totals.
    change_state(get_event("old"), "open")
    record_minute(old, company, minute_of(begin) + 8)
    assert watched_minutes(old, company[-1]) == 9

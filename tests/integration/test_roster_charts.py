"""The pictures of an event, the tables beside them, and what they are counted from."""

import re
from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from tests.support.attended import attend
from tests.support.client import PageClient, parse, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from tests.support.statements import counted_statements
from webapp.domain.employees import rosters
from webapp.domain.events.store import get_event
from webapp.domain.models import Employee, RosterEntry, WatchedMinute
from webapp.domain.roster.statistics import Figures, read_figures
from webapp.domain.roster.timeline import Series
from webapp.domain.running.states import change_state
from webapp.infra.clock import minute_of, utcnow
from webapp.infra.extensions import db

CHARTS = "/admin/events/town-hall/attendance/charts"
SVG, XHTML = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xhtml}"
NOW = utcnow().replace(second=0, microsecond=0)
START = NOW - timedelta(minutes=30)


@pytest.fixture
def admin(app: Flask, client: PageClient) -> PageClient:
    """Return an admin; add an event of an hour that began half an hour ago."""
    with app.app_context():
        add_admin()
        add_event(starts_at=START, ends_at=START + timedelta(hours=1))
    client.sign_in(*ADMIN)
    return client


@pytest.fixture
def audience(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        attend("1", START - timedelta(minutes=2), range(20))
        attend("2", START + timedelta(seconds=59), (0, 1, 2, 9))
        attend("3", START + timedelta(minutes=7), department="Sales")
        add_employee("4", department="Sales")


def figures_of(app: Flask) -> Figures:
    with app.app_context():
        return read_figures(get_event("town-hall"), NOW)


def counts_of(series: Series) -> dict[int, int]:
    """Return the minutes with viewers, regardless of the width of the chart."""
    assert series.step == 1
    return {series.minute(index): count for index, count in enumerate(series.values) if count}


@pytest.mark.usefixtures("audience")
def test_the_figures_are_those_of_the_rows(app: Flask) -> None:
    figures = figures_of(app)
    with app.app_context():
        watched = Counter(db.session.scalars(select(WatchedMinute.minute)))
        moments = db.session.scalars(select(RosterEntry.checked_in_at))
        arrived = Counter(minute_of(moment) for moment in moments if moment)
    for series, counts in ((figures.watching, watched), (figures.arrivals, arrived)):
        minutes = range(minute_of(START) - 2, minute_of(NOW) + 1)
        assert (series.first, series.step) == (minutes.start, 1)
        assert list(series.values) == [counts[minute] for minute in minutes]
    assert came_of(figures) == [("Research", 2, 2), ("Sales", 1, 2)]


@pytest.mark.usefixtures("audience")
def test_statements_do_not_grow_with_the_event(app: Flask, admin: PageClient) -> None:
    with counted_statements(app) as few:
        admin.get(CHARTS)
    with app.app_context():
        for n in range(30):
            attend(f"more-{n}", START + timedelta(minutes=n % 7), (n,), department=f"D{n}")
    with counted_statements(app) as many:
        admin.get(CHARTS)
    # Beside the figures' six: who asks.
    assert len(few) == len(many) <= 7, many


@pytest.mark.usefixtures("audience")
def test_each_picture_has_a_name_and_a_table_with_the_same_numbers(admin: PageClient) -> None:
    page = admin.get(CHARTS)
    tree = parse(page.text)
    pictures = [svg for svg in tree.iter(f"{SVG}svg") if svg.get("role") == "img"]
    (main,) = tree.iter(f"{XHTML}main")  # The menu of the bar is a `details` as well.
    assert len(pictures) == len(list(main.iter(f"{XHTML}details"))) == 3
    ids = {element.get("id") for element in tree.iter()}
    for picture in pictures:
        assert {picture.get("aria-labelledby"), picture.get("aria-describedby")} <= ids
    for section in ("watching", "arrivals"):
        (card,) = [e for e in tree.iter(f"{XHTML}section") if e.get("id") == section]
        drawn = [t.text or "" for t in card.iter(f"{SVG}title") if not t.get("id")]
        cells = [cell.text for cell in card.iter(f"{XHTML}td")]
        assert [title.split(": ")[1].split()[0] for title in drawn] == cells
        assert len(cells) >= 33
    assert "At most 2 at once" in text_of(page.text)
    assert "3 of 4 employees came, " in text_of(page.text)


def test_an_event_without_anybody_says_so(app: Flask, admin: PageClient) -> None:
    text = text_of(admin.get(CHARTS).text)
    assert "Nobody has been counted as watching." in text
    assert "Nobody has checked in." in text
    assert "There are no employees." in text


def came_of(figures: Figures) -> list[tuple[str, int, int]]:
    return [(d.name, d.came, d.employees) for d in figures.departments]


@pytest.mark.usefixtures("audience")
def test_charts_and_roster_say_the_same_numbers_and_the_rule(app: Flask, admin: PageClient) -> None:
    for state in ("open", "closed"):
        with app.app_context():
            change_state(get_event("town-hall"), state)
        charts = text_of(admin.get(CHARTS).text)
        listed = text_of(admin.get(CHARTS.removesuffix("/charts")).text)
        found = re.search(r"(\d+) of (\d+) employees came, (\d+) attended", charts)
        assert found, charts
        came, employees, attended = found.groups()
        assert f"{employees} employees on the roster · {came} came · {attended} attended" in listed
        (rule,) = re.findall(r"Attended: watched at least .*? corrections of admins\.", charts)
        assert rule in listed


@pytest.mark.usefixtures("audience")
def test_what_is_closed_keeps_its_pictures(app: Flask) -> None:
    """Also when minutes are reduced to totals: who watched when is gone, how many is not."""
    before = figures_of(app)
    with app.app_context():
        change_state(get_event("town-hall"), "closed")
        db.session.execute(delete(WatchedMinute))
        db.session.execute(update(Employee).values(department="Elsewhere"))
        rosters.follow(db.session.scalars(select(Employee.id)))
        db.session.commit()
        add_employee("new")
        assert db.session.scalar(select(func.count()).select_from(WatchedMinute)) == 0
    after = figures_of(app)
    assert counts_of(after.watching) == counts_of(before.watching)
    assert counts_of(after.arrivals) == counts_of(before.arrivals)
    assert came_of(after) == came_of(before)
    # It is over when it was closed, not when it was planned to be.
    assert after.rule.ends_at < before.rule.ends_at


def test_the_roster_leads_to_the_pictures(admin: PageClient) -> None:
    page = parse(admin.get("/admin/events/town-hall/attendance").text)
    assert CHARTS in [link.get("href") for link in page.iter(f"{XHTML}a")]

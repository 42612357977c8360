"""Exports: exactly what the roster shows, in files that spreadsheets read as they are meant."""

import csv
import io
import re
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import Workbook, load_workbook
from sqlalchemy import delete, insert
from werkzeug.test import TestResponse

from tests.support.attended import attend
from tests.support.client import PageClient, parse
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from tests.support.statements import counted_statements
from webapp.domain.employees import rosters
from webapp.domain.events.store import get_event
from webapp.domain.models import AuditEntry, Employee, WatchedMinute
from webapp.domain.roster.export_csv import COLUMNS
from webapp.domain.running.states import change_state
from webapp.http import downloads
from webapp.infra.extensions import db

ROSTER = "/admin/events/town-hall/attendance"
# In Berlin clocks go back half an hour later, from 3 o'clock to 2.
START = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.fixture
def admin(app: Flask, client: PageClient) -> PageClient:
    """Return an admin; the roster has an attendee, one with gaps, and one absentee."""
    with app.app_context():
        add_admin()
        add_event(starts_at=START, ends_at=START + timedelta(hours=1))
        attend("0001", START, range(40), first_name="=cmd|' /C calc'!A0", last_name="Ämil")
        later = START + timedelta(minutes=35)
        attend("0002", later, (0, 1, 2, 5, 6), last_name='B "Bo"\nBee', department="Sales")
        add_employee("0003", first_name="👩‍🚀", last_name="Cee", department="Sales")
        add_employee("0004", last_name="Former", active=False)
    client.sign_in(*ADMIN)
    return client


def rows_of(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200
    text = answer.data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def book_of(answer: TestResponse) -> Workbook:
    assert answer.status_code == 200
    book = load_workbook(io.BytesIO(answer.data))
    # As a server does at the end of a download.
    answer.close()
    return book


def numbers(admin: PageClient, query: str) -> list[str]:
    """Return the employee numbers of the CSV; assert that workbook and page have the same."""
    found = [row["employee_number"] for row in rows_of(admin.get(f"{ROSTER}.csv?{query}"))]
    sheet = book_of(admin.get(f"{ROSTER}.xlsx?{query}"))["Attendance"]
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == found
    page = parse(admin.get(f"{ROSTER}?{query}").text)
    shown = ["".join(e.itertext()) for e in page.iter("{http://www.w3.org/1999/xhtml}td")]
    assert [cell for cell in shown if cell.startswith("000")] == found
    return found


def test_the_csv_has_every_employee_once(admin: PageClient) -> None:
    answer = admin.get(f"{ROSTER}.csv")
    assert answer.headers["Content-Disposition"] == "attachment; filename=town-hall-attendance.csv"
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith(b"\xef\xbb\xbf" + ",".join(COLUMNS).encode() + b"\r\n")
    came, gaps, absent = sorted(rows_of(answer), key=lambda row: row["employee_number"])
    assert came["first_name"] == "'=cmd|' /C calc'!A0"
    assert came["checked_in_at"] == "2026-10-25T02:30:00+02:00"
    assert came["watched_until"] == "2026-10-25T02:10:00+01:00"
    assert came["watched_minutes"] == "40"
    assert gaps["last_name"] == 'B "Bo"\nBee'
    assert gaps["checked_in_at"] == "2026-10-25T02:05:00+01:00"
    assert (absent["first_name"], absent["status"]) == ("👩‍🚀", "Absent")
    assert (absent["checked_in_at"], absent["watched_minutes"]) == ("", "0")


def test_exports_have_what_is_filtered_in_its_order(admin: PageClient) -> None:
    assert numbers(admin, "sort=number") == ["0001", "0002", "0003"]
    assert numbers(admin, "sort=-minutes") == ["0001", "0002", "0003"]
    assert numbers(admin, "sort=-number") == ["0003", "0002", "0001"]
    assert numbers(admin, "department=Sales&sort=number") == ["0002", "0003"]
    assert numbers(admin, "status=absent") == ["0003"]
    assert numbers(admin, "q=mil") == ["0001"]
    assert numbers(admin, "q=nobody") == []
    every_page = rows_of(admin.get(f"{ROSTER}.csv?page=7"))
    assert len(every_page) == 3
    for kind in ("csv", "xlsx"):
        assert admin.get(f"{ROSTER}.{kind}?sort=shoe-size").status_code == 422


def test_the_roster_links_to_its_own_export(admin: PageClient) -> None:
    page = admin.get(f"{ROSTER}?department=Sales&sort=-minutes&q=e")
    hrefs = [link.get("href") or "" for link in parse(page.text).iter() if link.get("href")]
    exports = [href for href in hrefs if "attendance.csv" in href or "attendance.xlsx" in href]
    # A double click on a CSV loses leading zeros: the workbook comes first.
    assert ["xlsx" in href for href in exports] == [True, False, False]
    assert "separator=semicolon" in exports[-1]
    for href in exports:
        assert "department=Sales" in href
        assert "sort=-minutes" in href
        assert "q=e" in href


def test_the_csv_comes_with_semicolons_too(admin: PageClient) -> None:
    text = admin.get(f"{ROSTER}.csv?separator=semicolon&sort=number").data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    assert [row["employee_number"] for row in rows] == ["0001", "0002", "0003"]


def test_no_cache_keeps_an_export(app: Flask, admin: PageClient) -> None:
    exports = all_exports(app)
    assert len(exports) >= 9
    for address in exports:
        answer = admin.get(address)
        assert (answer.status_code, address) == (200, address)
        assert answer.headers["Cache-Control"] == "no-store"
        answer.close()


def all_exports(app: Flask) -> list[str]:
    """Return the address of each export of an event; nginx limits those that look like these."""
    rules = [rule.rule for rule in app.url_map.iter_rules()]
    exports = [rule for rule in rules if re.search(r"<slug>/[a-z-]+\.(csv|json|xlsx)$", rule)]
    return [rule.replace("<slug>", "town-hall") for rule in exports]


def local(hour: int, minute: int) -> datetime:
    """Return a moment of that night like a spreadsheet stores it: without a zone."""
    return datetime.combine(START.date(), time(hour, minute))


def typed(sheet: Any) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_the_workbook_has_types_periods_and_its_rule(admin: PageClient) -> None:
    book = book_of(admin.get(f"{ROSTER}.xlsx?sort=number"))
    assert book.sheetnames == ["Attendance", "Periods", "About"]
    sheet = book["Attendance"]
    assert sheet.freeze_panes == "A2"
    header, came, gaps, absent = typed(sheet)
    assert tuple(header) == COLUMNS
    assert came[:2] == ["0001", "=cmd|' /C calc'!A0"]
    assert sheet["B2"].data_type != "f"
    at = COLUMNS.index("checked_in_at")
    assert came[at : at + 2] == [local(2, 30), 40]
    assert sheet.cell(2, at + 1).number_format == 'yyyy-mm-dd"T"hh:mm:ss"+02:00"'
    assert sheet.cell(3, at + 1).number_format == 'yyyy-mm-dd"T"hh:mm:ss"+01:00"'
    assert gaps[at : at + 2] == [local(2, 5), 5]
    assert absent[at : at + 3] == [None, 0, None]
    periods = [(row[0], row[3], row[4], row[5]) for row in typed(book["Periods"])[1:]]
    assert periods == [
        ("0001", local(2, 30), local(2, 10), 40),
        ("0002", local(2, 5), local(2, 8), 3),
        ("0002", local(2, 10), local(2, 12), 2),
    ]
    about = {row[0]: row[1] for row in typed(book["About"])}
    assert (about["Event"], about["Time zone"]) == ("Town hall", "Europe/Berlin")
    assert (about["Rows"], about["Sorted by"]) == (3, "number")
    assert (about["Required share in %"], about["Required minutes"]) == (50, 30)
    assert about["Exported by"] == ADMIN[0]


def test_where_only_totals_are_kept_the_workbook_says_so(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        change_state(get_event("town-hall"), "closed")
        db.session.execute(delete(WatchedMinute))
        db.session.commit()
    book = book_of(admin.get(f"{ROSTER}.xlsx?sort=number"))
    periods = [row[3:7] for row in typed(book["Periods"])[1:]]
    assert periods == [[None, None, n, "only the total is kept"] for n in (40, 5)]
    assert "Figures frozen at" in [row[0] for row in typed(book["About"])]


@pytest.fixture
def crowd(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        names = ("employee_number", "email", "first_name", "last_name", "department", "location")
        people = [
            dict(
                zip(
                    names, (f"N{n}", f"n{n}@example.com", "N", f"{n}", "Sales", "Bonn"), strict=True
                )
            )
            for n in range(2500)
        ]
        db.session.execute(insert(Employee), people)
        rosters.fill(get_event("town-hall").id)
        db.session.commit()


@pytest.mark.usefixtures("crowd")
def test_an_export_needs_few_statements_and_leaves_nothing_behind(
    app: Flask, admin: PageClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with counted_statements(app) as statements:
        assert len(rows_of(admin.get(f"{ROSTER}.csv"))) == 2503
    # The admin, the audit entry, the closing, and the rows.
    assert len(statements) <= 4, statements
    with counted_statements(app) as statements:
        answer = admin.get(f"{ROSTER}.xlsx")
        assert book_of(answer)["Attendance"].max_row == 2504
    # Two people watched, so that the minutes of one batch at most two are read.
    assert len(statements) <= 7, statements
    assert list(folder.iterdir()) == []
    assert connections_in_use(app) == 0


@pytest.mark.usefixtures("crowd")
def test_a_download_holds_no_connection_and_no_place(app: Flask, admin: PageClient) -> None:
    """A slow reader, or one that goes away midway, holds up nobody else."""
    unread = [admin.get(f"{ROSTER}.csv") for _ in range(3)]
    assert connections_in_use(app) == 0
    for one in unread:
        assert one.status_code == 200
        one.close()
    answer = admin.get(f"{ROSTER}.csv")
    assert next(answer.iter_encoded()).startswith(b"\xef\xbb\xbf")
    answer.close()
    assert connections_in_use(app) == 0
    assert admin.get(ROSTER).status_code == 200


def test_exports_have_few_places_of_their_own(app: Flask, admin: PageClient) -> None:
    with ExitStack() as places:
        for _ in range(downloads.PLACES):
            places.enter_context(downloads.place())
        for address in all_exports(app):
            answer = admin.get(address)
            assert (answer.status_code, address) == (503, address)
            assert answer.headers["Retry-After"] == "10"
            assert "Other exports are being made" in answer.text
        assert admin.get(ROSTER).status_code == 200
    assert admin.get(f"{ROSTER}.csv").status_code == 200
    with app.app_context():
        actions = [entry.action for entry in db.session.query(AuditEntry)]
        # A refused export has shown nothing.
        assert actions.count("roster_exported") == 1


def connections_in_use(app: Flask) -> int:
    with app.app_context():
        pool: Any = db.engine.pool
        return int(pool.checkedout())

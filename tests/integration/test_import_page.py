"""Importing by page: what was shown is imported, without choosing the file again."""

import io
import re
import threading
from datetime import timedelta
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from tests.support.client import XHTML, PageClient, find_form, parse, text_of
from tests.support.data import ADMIN
from tests.support.employees import (
    ADA,
    GRACE,
    HEADER,
    IMPORT_PAGE,
    NORA,
    TITLES,
    confirm,
    everybody,
    find,
    load,
    names,
    upload,
    workbook,
)
from webapp.domain.admins.accounts import create_admin
from webapp.domain.employees import uploads
from webapp.domain.employees.directory import FIELDS
from webapp.domain.employees.editing import change_employee
from webapp.domain.models import EmployeeUpload, EmployeeUploadPart
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db

# The pages are the same on every database: the embedded default is the quicker one.
pytestmark = pytest.mark.parametrize("settings", ["embedded"], indirect=True)

FILES = Path(__file__).parents[1] / "data/import"
HTMX = {"HX-Request": "true"}


def options_of(page: TestResponse) -> dict[str, str]:
    """Return the fields of the form that says how the file is read, as they are chosen."""
    (form,) = (f for f in parse(page.text).iter(f"{XHTML}form") if f.get("id") == "reading")
    fields = {f.get("name", ""): f.get("value", "") for f in form.iter(f"{XHTML}input")}
    for field in form.iter(f"{XHTML}select"):
        fields[field.get("name", "")] = chosen(field)
    return {name: value for name, value in fields.items() if name}


def chosen(field: Element) -> str:
    options = list(field.iter(f"{XHTML}option"))
    return next((o for o in options if "selected" in o.attrib), options[0]).get("value", "")


def reread(admin: PageClient, page: TestResponse, **changes: str) -> TestResponse:
    return admin.get(IMPORT_PAGE, query_string=options_of(page) | changes)


def test_it_shows_first_and_imports_then(app: Flask, admin: PageClient) -> None:
    page = upload(admin, (HEADER + ADA + GRACE + "nobody\n").encode())
    text = text_of(page.text)
    assert "Nothing was changed so far" in text
    assert "2 new, 0 changed, 0 unchanged, 0 deactivated, 1 broken" in text
    assert "Row 4: the e-mail address is missing" in text or "Row 4: the employee number" in text
    assert "Import these 2" in text
    with app.app_context():
        assert names() == set()
    done = confirm(admin, page)
    assert "Imported in" in text_of(done.text)
    with app.app_context():
        assert names() == {"Ada Lovelace", "Grace Hopper"}
        assert db.session.scalar(select(func.count()).select_from(EmployeeUploadPart)) == 0
    again = confirm(admin, page)
    assert (again.status_code, "choose it again" in again.text) == (422, True)


def test_htmx_gets_fragments(admin: PageClient) -> None:
    page = upload(admin, (HEADER + ADA).encode())
    fragment = admin.get(IMPORT_PAGE, query_string=options_of(page), headers=HTMX)
    assert fragment.text.lstrip().startswith('<div id="preview">')
    done = admin.submit(page, "/apply", headers=HTMX, confirmed="")
    assert done.text.lstrip().startswith('<div id="preview">')
    assert "Imported in" in done.text


@pytest.mark.parametrize("name", sorted(path.name for path in FILES.glob("*.csv")))
def test_every_file_is_shown_and_can_be_read_again(
    app: Flask, admin: PageClient, name: str
) -> None:
    page = upload(admin, (FILES / name).read_bytes())
    assert page.status_code == 200
    again = reread(admin, page)
    assert again.status_code == 200
    if "encoding" in options_of(page):
        assert options_of(again) | {"encoding": ""} == options_of(page) | {"encoding": ""}


def test_the_encoding_is_chosen_by_how_the_names_look(app: Flask, admin: PageClient) -> None:
    page = upload(admin, (FILES / "cp1250.csv").read_bytes())
    assert "Which names look right?" in text_of(page.text)
    assert "Łukasz, Żak Central European (Windows-1250)" in text_of(page.text)
    assert "Import th" not in text_of(page.text)
    page = reread(admin, page, encoding="cp1250")
    assert "Which names look right?" not in text_of(page.text)
    assert "Łukasz Żak (5)" in text_of(page.text)
    confirm(admin, page)
    with app.app_context():
        assert names() == {"Łukasz Żak"}


def test_columns_are_recognised_and_changed(app: Flask, admin: PageClient) -> None:
    data = b"Contact;Ref;First name;Last name;Notes\nn@x.example;5;Nora;New;Sales\n"
    page = upload(admin, data)
    assert page.status_code == 200
    assert "say which column it is. The titles found are “Contact”, “Ref”" in text_of(page.text)
    columns = {n: v for n, v in options_of(page).items() if n.startswith("column-")}
    assert list(columns.values()) == ["", "", "first_name", "last_name", ""]
    twice = reread(admin, page, **{"column-0": "email", "column-1": "email"})
    assert "Only one column can be the e-mail address" in twice.text
    page = reread(
        admin,
        page,
        **{"column-0": "email", "column-1": "employee_number", "column-4": "department"},
    )
    confirm(admin, page)
    with app.app_context():
        assert (find("5").name, find("5").department) == ("Nora New", "Sales")


def test_a_column_is_left_out(app: Flask, admin: PageClient) -> None:
    page = upload(admin, b"email,number,name,status\nn@x.example,5,Nora New,Married\n")
    assert "the status “Married” is unknown" in text_of(page.text)
    page = reread(admin, page, **{"column-3": ""})
    assert "1 new" in text_of(page.text)
    confirm(admin, page)
    with app.app_context():
        assert names() == {"Nora New"}


def test_ten_rows_are_shown_as_they_are_read(admin: PageClient) -> None:
    rows = "".join(f"p{n}@example.com;{n};First;Last\n" for n in range(1, 50))
    page = upload(admin, f"email;number;first name;last name\n{rows}z@x.de;99;Zoë;<b>\n".encode())
    text = text_of(page.text)
    assert "CSV, semicolon-separated, Unicode (UTF-8): Zoë" in text
    assert "Zoë" in page.text.split("<tbody>")[1].split("</tbody>")[0]
    assert page.text.split("<tbody>")[1].split("</tbody>")[0].count("<tr>") == 10


def test_it_imports_nothing_that_was_not_shown(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        load(HEADER + ADA)
    page = upload(admin, (HEADER + ADA.replace("London", "Paris")).encode())
    with app.app_context():
        ada = find("1001")
        values = {name: getattr(ada, name) for name in FIELDS}
        change_employee(ada.id, values | {"department": "Engines"})
    refused = confirm(admin, page)
    assert refused.status_code == 422
    assert "The employee list has changed since" in refused.text
    assert "department Engines → Research" in text_of(refused.text)
    with app.app_context():
        assert (find("1001").department, find("1001").location) == ("Engines", "London")
    confirm(admin, refused)
    with app.app_context():
        assert (find("1001").department, find("1001").location) == ("Research", "Paris")


def test_a_forged_fingerprint_imports_nothing(app: Flask, admin: PageClient) -> None:
    page = upload(admin, (HEADER + ADA).encode())
    assert confirm(admin, page, fingerprint="0" * 64).status_code == 422
    with app.app_context():
        assert names() == set()


def test_deactivating_more_than_a_tenth_needs_a_tick(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        load(HEADER + ADA + GRACE)
    page = upload(admin, (HEADER + ADA).encode(), sync="y")
    assert "Yes, deactivate 1 of 2 employees" in text_of(page.text)
    refused = confirm(admin, page)
    assert (refused.status_code, "would deactivate 1 of 2" in refused.text) == (422, True)
    with app.app_context():
        assert everybody()["1002"][2]
    confirm(admin, page, confirmed="1")
    with app.app_context():
        assert not everybody()["1002"][2]


def test_strict_imports_nothing_while_a_row_is_broken(app: Flask, admin: PageClient) -> None:
    data = (HEADER + ADA + "nobody\n").encode()
    page = upload(admin, data, strict="y")
    assert "Nothing is imported as long as a row is broken" in text_of(page.text)
    assert "Import th" not in text_of(page.text)
    unstrict = upload(admin, data)
    assert confirm(admin, unstrict, strict="y").status_code == 422
    with app.app_context():
        assert names() == set()


def test_a_workbook_is_imported(app: Flask, admin: PageClient) -> None:
    page = upload(admin, workbook([TITLES, NORA]), "list.xlsx")
    assert "Excel workbook" in text_of(page.text)
    confirm(admin, page)
    with app.app_context():
        assert names() == {"Nora New"}


def test_the_sample_file_is_a_file_that_can_be_imported(app: Flask, admin: PageClient) -> None:
    sample = admin.get(f"{IMPORT_PAGE}/sample.csv")
    assert sample.headers["Content-Disposition"].startswith("attachment")
    page = upload(admin, sample.data)
    assert "2 new, 0 changed, 0 unchanged, 0 deactivated, 0 broken" in text_of(page.text)
    confirm(admin, page)
    with app.app_context():
        assert names() == {"Ada Lovelace", "José Núñez"}


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"\x00" * 9, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]
)
def test_a_file_that_is_no_list_is_refused_with_the_form(admin: PageClient, data: bytes) -> None:
    page = upload(admin, data)
    assert page.status_code == 422
    find_form(page.text, IMPORT_PAGE)


def test_no_file_is_refused_with_the_form(admin: PageClient) -> None:
    answer = admin.submit(admin.get(IMPORT_PAGE), IMPORT_PAGE)
    assert (answer.status_code, "Choose a file." in answer.text) == (422, True)


def test_another_admin_does_not_see_the_file(app: Flask, admin: PageClient) -> None:
    page = upload(admin, (HEADER + ADA).encode())
    with app.app_context():
        create_admin("second@example.com", ADMIN[1])
    other = app.test_client()
    assert isinstance(other, PageClient)
    other.sign_in("second@example.com", ADMIN[1])
    seen = other.get(IMPORT_PAGE, query_string=options_of(page))
    assert (seen.status_code, "Ada" in seen.text) == (422, False)
    assert "choose it again" in seen.text


def test_uploads_are_bounded_in_number_and_time(app: Flask, admin: PageClient) -> None:
    first = upload(admin, (HEADER + ADA).encode())
    second = upload(admin, (HEADER + GRACE).encode())
    assert reread(admin, first).status_code == 422, "one file an admin"
    with app.app_context():
        db.session.execute(update(EmployeeUpload).values(uploaded_at=utcnow() - uploads.KEPT))
        db.session.commit()
    assert reread(admin, second).status_code == 422, "an hour"
    with app.app_context():
        uploads.drop_expired(utcnow() + timedelta(seconds=1))
        for table in (EmployeeUpload, EmployeeUploadPart):
            assert db.session.scalar(select(func.count()).select_from(table)) == 0


def test_an_admin_sees_the_progress_of_their_import(app: Flask, admin: PageClient) -> None:
    address, shown_rows = (
        f"{IMPORT_PAGE}/progress",
        re.compile("[0-9,]+ of 12,000 rows (read|written)"),
    )
    idle = "Nothing is being read or written just now."
    assert idle in text_of(admin.get(address).text)
    rows = [f"p{n}@example.com,{n},Ada,Lovelace,Research,London\n" for n in range(1, 12_001)]
    page = upload(admin, (HEADER + "".join(rows)).encode())
    tab = app.test_client()
    assert isinstance(tab, PageClient)
    tab.sign_in(*ADMIN)
    importing = threading.Thread(target=confirm, args=(admin, page))
    importing.start()
    shown = set()
    try:
        while importing.is_alive():
            if found := shown_rows.search(text_of(tab.get(address).text)):
                shown.add(found[0])
    finally:
        importing.join()
    assert len(shown) > 1
    assert idle in text_of(tab.get(address).text)


def test_files_of_megabytes_are_taken(admin: PageClient) -> None:
    rows = "".join(f"p{n}@example.com,{n},First,{'x' * 60},,\n" for n in range(20_000))
    assert len(rows) > 1_500_000
    assert "20,000 new" in text_of(upload(admin, (HEADER + rows).encode()).text)


def test_the_report_shows_no_more_than_fits(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        load(HEADER + ADA + GRACE)
    rows = "".join(f"p{n}@example.com,{n},First,<b>,,\n" for n in range(2000, 2150))
    file = HEADER + ADA.replace("London", "") + rows + "broken\n"
    page = text_of(upload(admin, file.encode()).text)
    assert "Ada Lovelace (1001): location London → nothing" in page
    assert "First <b> (2099), p2099@example.com and 50 more" in page.replace("comand", "com and")
    assert "Row 153: the employee number is missing" in page
    assert "p2100@example.com" not in page


TOO_LARGE = 21 * 1024 * 1024


@pytest.mark.parametrize(
    ("headers", "marker"), [({}, "<!doctype html>"), (HTMX, '<div id="preview">')]
)
def test_a_file_that_is_too_large_is_refused_with_the_form(
    admin: PageClient, headers: dict[str, str], marker: str
) -> None:
    fields = {"file": (io.BytesIO(bytes(TOO_LARGE)), "list.csv")}
    answer = admin.post(IMPORT_PAGE, data=fields, headers=headers)
    assert answer.status_code == 413
    assert answer.text.lstrip().startswith(marker)
    assert "more than 20 MB" in answer.text


@pytest.mark.parametrize("size", [2 * 1024 * 1024, TOO_LARGE])
def test_a_stranger_may_not_send_a_large_file(app: Flask, size: int) -> None:
    body = io.BytesIO(bytes(size))
    stranger = app.test_client()
    answer = stranger.post(IMPORT_PAGE, data={"file": (body, "list.csv")})
    answer.request.environ["wsgi.input"].close()
    assert (answer.status_code, "csrf_token" in answer.text) == (413, False)

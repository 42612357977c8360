"""The employee list: searching it, and adding and changing one employee by hand."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.client import PageClient, text_of
from tests.support.data import add_employee
from tests.support.employees import ADA, GRACE, HEADER, find, load, names
from webapp.domain.models import AuditEntry
from webapp.infra.extensions import db

# The field that the page marks as wrong, by its id.
MARKED = re.compile(r'<p class="field-error" id="(\w+)-error">')


def address_of(app: Flask, number: str) -> str:
    with app.app_context():
        return f"/admin/employees/{find(number).id}"


PERSON = {
    "first_name": "Ada",
    "last_name": "King",
    "email": "Ada@Example.com",
    "employee_number": "01001",
}


def test_one_employee_is_added_and_changed_by_hand(app: Flask, admin: PageClient) -> None:
    page = admin.get("/admin/employees/new")
    answer = admin.submit(page, "/new", **PERSON)
    assert (answer.status_code, answer.location) == (303, "/admin/employees?q=Ada@Example.com")
    assert "Ada King" in text_of(admin.get(answer.location).text)
    address = address_of(app, "01001")
    same = admin.submit(admin.get(f"{address}/edit"), address)
    changed = admin.submit(admin.get(f"{address}/edit"), address, last_name="Lovelace")
    assert (same.status_code, changed.status_code) == (303, 303)
    with app.app_context():
        assert names() == {"Ada Lovelace"}
        rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()[-2:]
        assert [(row.action, row.subject) for row in rows] == [
            ("employee_added", "Ada King (01001)"),
            ("employee_changed", "Ada King (01001)"),
        ]
        assert rows[1].details == '{"last_name": ["King", "Lovelace"]}'


def test_a_deactivation_can_be_undone(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        number = add_employee("01001", last_name="King").id
    address = f"/admin/employees/{number}"
    form = admin.get(f"{address}/edit")
    values = {field: value for field, value in PERSON.items() if field != "active"}
    token = form.text.split('name="csrf_token" value="')[1].split('"')[0]
    fields = values | {"department": "Research", "location": "London", "csrf_token": token}
    answer = admin.post(address, data=fields)
    page = admin.get(answer.location)
    assert "They cannot check in any more." in text_of(page.text)
    with app.app_context():
        assert not find("01001").active
    assert admin.submit(page, "/reactivate").status_code == 303
    with app.app_context():
        assert find("01001").active


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"first_name": " ", "last_name": ""}, "The name is missing."),
        ({"email": "nowhere"}, "“nowhere” is not an e-mail address."),
        ({"email": "GRACE@example.com"}, "Another employee has this e-mail address."),
        ({"email": "<grace@example.com>\u200b"}, "Another employee has this e-mail address."),
        ({"employee_number": "0-1002"}, "Another employee has the number 1002."),
        ({"employee_number": "1002.0"}, "Another employee has the number 1002."),
        ({"employee_number": "１００２"}, "Another employee has the number 1002."),
        ({"employee_number": "1.00E+03"}, "in scientific notation"),
        ({"employee_number": "14-Mar"}, "a date or a time"),
        ({"first_name": "?ukasz"}, "a question mark in place of a letter"),
        ({"last_name": "N&uacute;&ntilde;ez"}, "it may be “Núñez”"),
        ({"location": "x" * 81}, "The location has more than 80 characters."),
    ],
)
def test_a_refused_employee_keeps_the_form(
    app: Flask, admin: PageClient, changes: dict[str, str], complaint: str
) -> None:
    with app.app_context():
        load(HEADER + GRACE + ADA)
    answer = admin.submit(
        admin.get("/admin/employees/new"),
        "/new",
        **(PERSON | {"email": "x@x.x", "employee_number": "7"} | changes),
    )
    assert answer.status_code == 422
    assert complaint in text_of(answer.text)
    assert 'value="' in answer.text
    assert "".join(MARKED.findall(answer.text)) in changes
    edit = admin.get(f"{address_of(app, '1001')}/edit")
    edited = admin.submit(edit, "/admin/employees/", **changes)
    assert (edited.status_code, complaint in text_of(edited.text)) == (422, True)
    with app.app_context():
        assert names() == {"Ada Lovelace", "Grace Hopper"}


def test_an_employee_who_is_not_there_is_not_found(admin: PageClient) -> None:
    for number in ("999", "2147483648", "0x1"):
        assert admin.get(f"/admin/employees/{number}").status_code == 404


def test_the_list_is_searched_and_paged(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        for number in range(55):
            add_employee(f"{2000 + number}")
    assert "Page 1 of 2" in text_of(admin.get("/admin/employees").text)
    assert "1 employee " in text_of(admin.get("/admin/employees?q=2007").text)
    assert "Nobody matches" in text_of(admin.get("/admin/employees?q=%25").text)
    assert admin.get("/admin/employees?page=0").status_code == 422
    beyond = admin.get("/admin/employees?page=9").text
    assert "There is no such page." in text_of(beyond)
    assert 'rel="prev" href="/admin/employees?page=2"' in beyond

"""Malformed requests to every POST address: a clear refusal, never a server error."""

import io
import itertools
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse
from wtforms.fields.core import UnboundField

from tests.support.addresses import address_of, rules
from tests.support.client import PageClient
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from webapp.http.forms import Form
from webapp.infra.settings import ROOT

SLUG = "town-hall"
# Every field that a form here has, so that each body below reaches the field's own code.
FIELDS = (
    "email",
    "employee_number",
    "password",
    "first_name",
    "last_name",
    "department",
    "location",
    "active",
    "title",
    "starts_at",
    "ends_at",
    "timezone",
    "stream_url",
    "stream_kind",
    "stream_hosts",
    "required_share",
    "state",
    "body",
    "nonce",
    "message_id",
    "employee_id",
    "status",
    "note",
    "minutes",
    "chat_open",
    "hold_messages",
    "slow_mode_seconds",
    "anonymous",
    "vote",
    "sort",
    "answer",
    "into",
    "where",
    "reason",
    "questions_open",
    "hold_questions",
    "anonymous_questions",
    "action",
    "encoding",
    "role",
    "name",
    "repeated",
    "proof",
    "ticket",
    "archived",
    "back",
    "before",
    "choice",
    "closes_after",
    "confirmed",
    "current",
    "description",
    "desk",
    "employee",
    "everyone",
    "export_contributions",
    "file",
    "fingerprint",
    "held",
    "kept",
    "kind",
    "live_results",
    "message",
    "multiple",
    "opens_before",
    "option",
    "person",
    "q",
    "question",
    "queue",
    "recording_url",
    "secret",
    "seen",
    "speakers",
    "strict",
    "sync",
    "until",
    "writing",
)
# In a link's or a search's address, in the head of a page, or of every form.
NO_FIELDS = {"csrf_token", "from", "viewport", "with", "zone"}
# Written in a template, or given to one of its macros.
NAMED = re.compile(r'(?<![\w-])(?:name|field)="([a-z_]+)"')
VALUES: dict[str, Any] = {
    "number": 5,
    "null": None,
    "list": ["a", 1],
    "object": {"a": {"b": []}},
    "huge number": 10**400,
    "lone surrogate": "\ud800",
    "NUL": "a\x00b",
    "long": "x" * 70_000,
    "true": True,
    "float": 1e308,
}


def multipart(value: bytes, *, filename: str | None) -> tuple[bytes, str]:
    """Return a body in which each field is a part with `value`, a file if it has a `filename`."""
    named = f'; filename="{filename}"' if filename is not None else ""
    parts = [
        f'--limit\r\nContent-Disposition: form-data; name="{field}"{named}\r\n\r\n'.encode()
        + value
        + b"\r\n"
        for field in FIELDS
    ]
    return b"".join(parts) + b"--limit--\r\n", "multipart/form-data; boundary=limit"


def bodies() -> Iterator[tuple[str, bytes, str]]:
    """Yield a name, a body and its type for each malformed request."""
    for name, value in VALUES.items():
        yield f"JSON {name}", json.dumps(dict.fromkeys(FIELDS, value)).encode(), "application/json"
    yield "JSON array", b"[1, 2]", "application/json"
    yield "JSON text", b'"text"', "application/json"
    yield "broken JSON", b'{"email":', "application/json"
    yield "deep JSON", b"[" * 5_000 + b"]" * 5_000, "application/json"
    form = "application/x-www-form-urlencoded"
    for name, text in {
        "NUL": "%00",
        "line end": "a%0Ab%0D",
        "lone surrogate": "%ED%A0%80",
        "not UTF-8": "%FF%FE%80",
        "right-to-left override": "%E2%80%AE",
        "Kelvin sign": "%E2%84%AAate@example.com",
        "huge number": "9" * 400,
        "long": "x" * 5_000,  # A form of over 500,000 bytes is refused as a whole.
        "negative": "-1",
        "not a number": "NaN",
    }.items():
        yield f"form {name}", "&".join(f"{field}={text}" for field in FIELDS).encode(), form
    yield "repeated", "&".join(f"{field}=1" for field in FIELDS * 3).encode(), form
    yield "brackets", "&".join(f"{field}[]=1" for field in FIELDS).encode(), form
    yield "900 fields", "&".join(f"f{n}=1" for n in range(900)).encode(), form
    yield "empty", b"", form
    yield "files", *multipart(b"\x00\xff", filename="a.csv")
    yield "unnamed files", *multipart(b"x", filename="")
    yield "parts", *multipart(b"\xed\xa0\x80\x00", filename=None)
    yield "broken multipart", b"--limit\r\nno header", "multipart/form-data; boundary=limit"
    yield "no boundary", b"x", "multipart/form-data"
    yield "unknown type", b"<xml/>", "text/xml"
    yield "binary", bytes(range(256)), "application/octet-stream"


BODIES = list(bodies())
HEADERS: list[dict[str, str]] = [
    {},
    {"HX-Request": "\xe4\xff", "HX-Current-URL": "http://localhost/\xfc"},
    {"Accept": "application/json"},
]
CHANGES_SESSION = {
    "account.sign_in",
    "account.sign_out",
    "account.sign_out_everywhere",
    "checkin.check_in",
    "checkin.check_in_again",
    "checkin.check_out",
}


@pytest.fixture
def token(app: Flask, client: PageClient) -> str:
    """Return the CSRF token of an admin who is also a viewer and so passes every gate."""
    with app.app_context():
        add_event(SLUG)
        add_admin()
        add_employee("1001", email="ada@example.com", id=1)
    client.sign_in(*ADMIN)
    client.check_in(SLUG, "ada@example.com", "1001")
    page = client.get("/admin/")
    return page.text.split('name="csrf_token" value="')[1].split('"')[0]


def send(
    app: Flask, client: PageClient, rule: Rule, body: bytes, headers: dict[str, str]
) -> TestResponse:
    address = address_of(app, rule, SLUG)
    return client.post(address, data=io.BytesIO(body), content_length=len(body), headers=headers)


@pytest.mark.parametrize(("name", "body", "kind"), BODIES, ids=[name for name, _, _ in BODIES])
def test_a_malformed_request_is_never_a_server_error(
    app: Flask,
    client: PageClient,
    token: str,
    caplog: pytest.LogCaptureFixture,
    name: str,
    body: bytes,
    kind: str,
) -> None:
    posts = [rule for rule in rules(app) if "POST" in (rule.methods or ())]
    # Signing in and out changes the token that the other addresses need, so it comes last.
    posts.sort(key=lambda rule: rule.endpoint in CHANGES_SESSION)
    for rule, headers in itertools.product(posts, HEADERS):
        sent = {"X-CSRFToken": token, "Content-Type": kind, **headers}
        answer = send(app, client, rule, body, sent)
        assert answer.status_code < 500, (rule, headers)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_every_field_of_a_form_is_tried() -> None:
    named = {
        name
        for page in (ROOT / "templates").rglob("*.html")
        for name in NAMED.findall(page.read_text())
    }
    declared = {
        name
        for form in Form.__subclasses__()
        for name, field in vars(form).items()
        if isinstance(field, UnboundField)
    }
    assert named | declared <= {*FIELDS, *NO_FIELDS}


PARAMETERS = (
    "after",
    "before",
    "code",
    "department",
    "edit",
    "error",
    "event",
    "held",
    "location",
    "next",
    "page",
    "q",
    "sort",
    "sso",
    "state",
    "status",
    "v",
)
TEXTS = (
    "%00",
    "%0d%0aX: 1",
    "%ff%fe",
    "%ed%a0%80",
    "%e2%80%ae",
    "-1",
    "9" * 400,
    "1e400",
    "NaN",
    "x" * 3000,
    "%25%5f%27%22%3c",
    "[]",
    "",
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_malformed_query_is_never_a_server_error(
    app: Flask, client: PageClient, token: str, text: str
) -> None:
    query = "&".join(f"{name}={text}" for name in PARAMETERS)
    for rule in rules(app):
        if "GET" in (rule.methods or ()):
            answer = client.get(f"{address_of(app, rule, SLUG)}?{query}", buffered=True)
            assert answer.status_code < 500, rule


@pytest.mark.parametrize("body", [b'{"email": 5}', b"[]", b"{}"])
def test_json_in_place_of_the_check_in_form_is_unprocessable(
    app: Flask, client: PageClient, body: bytes
) -> None:
    with app.app_context():
        add_event(SLUG)
    page = client.get(f"/events/{SLUG}/")
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post(
        f"/events/{SLUG}/check-in",
        data=body,
        content_type="application/json",
        headers={"X-CSRFToken": token},
    )
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "wanted", ["/admin/\nX", "/admin/\r\nSet-Cookie: a=b", "/admin/\x00", "/admin/\u2028"]
)
def test_a_next_address_with_control_characters_is_ignored(
    app: Flask, client: PageClient, wanted: str
) -> None:
    with app.app_context():
        add_admin()
    client.sign_in(*ADMIN)
    answer = client.get("/admin/login", query_string={"next": wanted})
    assert (answer.status_code, answer.location) == (303, "/admin/")


def test_a_next_address_beyond_ascii_survives_htmx(app: Flask, client: PageClient) -> None:
    with app.app_context():
        add_admin()
    client.sign_in(*ADMIN)
    headers = {"HX-Request": "true"}
    answer = client.get("/admin/login?next=/admin/employees?q=J%C3%BCrgen", headers=headers)
    assert answer.headers["HX-Redirect"] == "/admin/employees?q=J%C3%BCrgen"

"""Guessing is limited per target and per source; an office that checks in is not."""

import pytest
from flask import Flask
from limits import parse

from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from webapp.infra import rate_limit
from webapp.infra.settings import Settings


@pytest.fixture(autouse=True)
def meeting(app: Flask) -> None:
    with app.app_context():
        add_event()
        add_employee("1001")
        add_employee("1002")
        add_admin()


def guess(client: PageClient, times: int, number: str = "9") -> list[int]:
    page = client.get("/events/town-hall/")
    fields = {"email": "person1001@example.com", "employee_number": number}
    return [client.submit(page, "check-in", **fields).status_code for _ in range(times)]


def test_the_limit_of_an_email_is_ten_failures(client: PageClient) -> None:
    assert guess(client, 10) == [422] * 10
    refused = client.check_in("town-hall", "person1001@example.com", "9")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    assert "too many attempts" in text_of(refused.text)
    assert 'value="person1001@example.com"' in refused.text


def test_the_right_number_gets_the_same_answer_then(client: PageClient) -> None:
    guess(client, 10)
    assert guess(client, 1, number="1001") == [429]


def test_others_at_the_same_address_are_not_limited(client: PageClient) -> None:
    guess(client, 11)
    assert client.check_in("town-hall", "person1002@example.com", "1002").status_code == 303


def test_checking_in_is_never_counted(app: Flask) -> None:
    for _ in range(15):
        client = app.test_client()
        assert isinstance(client, PageClient)
        assert guess(client, 1, number="1001") == [303]


def test_a_source_that_guesses_at_everybody_is_limited(
    client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "PER_SOURCE", parse("3 per minute"))
    for number in range(3):
        assert client.check_in("town-hall", f"p{number}@example.com", "1").status_code == 422
    assert client.check_in("town-hall", "p4@example.com", "1").status_code == 429


def test_an_ipv6_customer_is_one_source(app: Flask) -> None:
    with app.app_context():
        keys = {rate_limit._network(f"2001:db8:1:2::{host}") for host in range(3)}
    assert keys == {"2001:db8:1:2::/64"}


def test_passwords_are_limited_too(client: PageClient) -> None:
    answers = [client.sign_in(ADMIN[0], "wrong").status_code for _ in range(10)]
    assert answers == [422] * 10
    assert client.sign_in(*ADMIN).status_code == 429


def test_workers_share_counters_except_while_redis_is_away(
    app: Flask, client: PageClient, settings: Settings
) -> None:
    guess(client, 10)
    app.extensions["redis_breaker"].failed(ConnectionError("away"))
    expected = 429 if settings.embedded else 422
    assert guess(client, 1) == [expected]

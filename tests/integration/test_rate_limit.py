"""Guessing is limited per target and per source, and nobody can lock anybody else out."""

import base64
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import altcha
import pytest
from argon2 import PasswordHasher, extract_parameters
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.support.client import PageClient, text_of
from tests.support.clocks import set_clock
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from tests.support.proofs import challenge_of, solve
from webapp.app import create_app
from webapp.domain import passwords
from webapp.domain.admins import accounts
from webapp.domain.attendance import checkin
from webapp.domain.events.store import get_event
from webapp.domain.models import Admin
from webapp.infra import proof_of_work, rate_limit
from webapp.infra.addresses import network_of
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db
from webapp.infra.rate_limit import PER_SOURCE, PER_TARGET, Client, WorkRequired
from webapp.infra.settings import Settings

ADA, GRACE = "person1001@example.com", "person1002@example.com"


@pytest.fixture
def quick_passwords() -> None:
    """Hash at the real cost: these tests are about it."""


@pytest.fixture(autouse=True)
def meeting(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    # The real numbers take seconds; nothing else depends on them.
    monkeypatch.setattr(proof_of_work, "TRIES", (3, 4, 5, 6))
    with app.app_context():
        add_event()
        add_employee("1001")
        add_employee("1002")
        add_admin()


def browser(app: Flask) -> PageClient:
    client = app.test_client()
    assert isinstance(client, PageClient)
    return client


def guess(client: PageClient, number: str = "9", email: str = ADA) -> TestResponse:
    return client.check_in("town-hall", email, number)


def use_up(client: PageClient, email: str = ADA) -> TestResponse:
    """Fail as often as is free, and return the refusal of one more attempt."""
    answers = [guess(client, email=email) for _ in range(PER_TARGET.attempts + 1)]
    assert [answer.status_code for answer in answers] == [422] * PER_TARGET.attempts + [429]
    return answers[-1]


def crowd(monkeypatch: pytest.MonkeyPatch, client: PageClient) -> None:
    """Fail at unknown addresses until the source is beyond its budget."""
    few = replace(PER_SOURCE["check-in"], attempts=3)
    monkeypatch.setitem(PER_SOURCE, "check-in", few)
    for number in range(few.attempts + 1):
        assert guess(client, email=f"nobody{number}@example.com").status_code == 422


def level_of(refused: TestResponse) -> int:
    """Return how hard the challenge of a refusal is."""
    data = challenge_of(refused).parameters.data
    assert data
    return int(data["level"])


def pay(client: PageClient, refused: TestResponse, **changed: str) -> TestResponse:
    """Solve the challenge of a refusal and send its form again."""
    proof = solve(challenge_of(refused))
    return client.submit(refused, "check-in", **({"proof": proof} | changed))


def test_an_attempt_beyond_the_budget_asks_for_work(client: PageClient) -> None:
    refused = use_up(client)
    assert int(refused.headers["Retry-After"]) > 0
    assert str(WorkRequired.text) in text_of(refused.text)
    assert f'value="{ADA}"' in refused.text
    assert level_of(refused) == 1


def test_the_right_number_gets_the_same_answer(client: PageClient) -> None:
    use_up(client)
    assert guess(client, "1001").status_code == 429


def test_somebody_with_the_right_number_gets_in_with_a_proof(
    app: Flask, client: PageClient
) -> None:
    use_up(client)
    ada = browser(app)
    assert pay(ada, guess(ada, "1001")).status_code == 303


def test_a_wrong_number_with_a_proof_gets_the_neutral_answer(client: PageClient) -> None:
    answer = pay(client, use_up(client))
    assert answer.status_code == 422
    assert str(checkin.NobodyMatches.text) in text_of(answer.text)


def test_a_proof_is_for_one_guess_only(client: PageClient) -> None:
    refused = use_up(client)
    assert pay(client, refused, employee_number="8").status_code == 429
    assert pay(client, refused, email=GRACE, employee_number="9").status_code == 422
    assert pay(client, refused).status_code == 422


def test_a_proof_works_once(client: PageClient) -> None:
    refused = use_up(client)
    proof = solve(challenge_of(refused))
    answers = [client.submit(refused, "check-in", proof=proof).status_code for _ in range(3)]
    assert answers == [422, 429, 429]


def test_an_expired_proof_is_refused(client: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = use_up(client)
    later = utcnow() + timedelta(seconds=proof_of_work.SECONDS + 1)
    set_clock(monkeypatch, later)
    assert pay(client, refused).status_code == 429


def forged_proofs(challenge: altcha.Challenge) -> Iterator[Any]:
    solved = json.loads(base64.b64decode(solve(challenge)))
    parameters, solution = solved["challenge"]["parameters"], solved["solution"]
    for change in ({"cost": 2}, {"keyPrefix": ""}, {"data": {"level": 4, "until": 1e12}}):
        yield solved | {"challenge": solved["challenge"] | {"parameters": parameters | change}}
    yield solved | {"challenge": {"parameters": parameters}}
    yield solved | {"challenge": {"parameters": parameters, "signature": "0" * 64}}
    for change in ({"derivedKey": "00" * 32}, {"derivedKey": 5}, {"derivedKey": "zz"}):
        yield solved | {"solution": solution | change}
    yield from ([], {}, None, "text", {"challenge": [], "solution": {}}, {"challenge": 5})


def test_forged_proofs_are_refused(client: PageClient) -> None:
    refused = use_up(client)
    for forged in forged_proofs(challenge_of(refused)):
        proof = base64.b64encode(json.dumps(forged).encode()).decode()
        assert client.submit(refused, "check-in", proof=proof).status_code == 429, forged
    for text in ("x", "é" * 50, "A" * 100_000, base64.b64encode(b"\xff").decode()):
        assert client.submit(refused, "check-in", proof=text).status_code == 429


def test_each_failure_makes_the_next_attempt_harder_up_to_a_limit(client: PageClient) -> None:
    levels, refused = [], use_up(client)
    for _ in range(14):
        levels.append(level_of(refused))
        assert pay(client, refused).status_code == 422
        refused = guess(client)
    assert levels == sorted(levels)
    assert (levels[0], levels[-1]) == (1, proof_of_work.MAX_LEVEL)
    # Still open to the person it belongs to.
    assert pay(client, guess(client, "1001")).status_code == 303


def test_an_attack_on_one_person_is_logged_once_and_without_a_name(
    client: PageClient, caplog: pytest.LogCaptureFixture
) -> None:
    refused = use_up(client)
    for _ in range(14):
        assert pay(client, refused).status_code == 422
        refused = guess(client)
    [record] = [r for r in caplog.records if r.name == rate_limit.__name__]
    assert "at one e-mail address within 900 s" in record.getMessage()
    assert ADA not in record.getMessage()


def test_an_easy_challenge_kept_for_later_is_refused(client: PageClient) -> None:
    early = use_up(client)
    refused = guess(client)
    for _ in range(2 * PER_TARGET.step):
        assert pay(client, refused).status_code == 422
        refused = guess(client)
    assert pay(client, early, employee_number="9").status_code == 429


def test_refused_attempts_do_not_make_it_harder(client: PageClient) -> None:
    refused = use_up(client)
    for _ in range(20):
        refused = guess(client)
    assert level_of(refused) == 1


def test_others_at_the_same_address_are_not_limited(client: PageClient) -> None:
    use_up(client)
    assert guess(client, "1002", GRACE).status_code == 303


def test_checking_in_is_never_counted(app: Flask) -> None:
    for _ in range(15):
        assert guess(browser(app), "1001").status_code == 303


def test_an_office_beyond_its_budget_gets_in_with_proofs(
    app: Flask, client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(monkeypatch, client)
    for number, email in (("1001", ADA), ("1002", GRACE)):
        colleague = browser(app)
        refused = guess(colleague, number, email)
        assert refused.status_code == 429
        assert pay(colleague, refused).status_code == 303


def test_an_office_beyond_its_budget_is_logged(
    client: PageClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    crowd(monkeypatch, client)
    [record] = [r for r in caplog.records if r.name == rate_limit.__name__]
    assert "from 127.0.0.1" in record.getMessage()
    assert "set TRUSTED_PROXIES" in record.getMessage()


def test_attempts_that_all_have_one_address_are_logged_once(
    client: PageClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rate_limit, "SAME_SOURCE", 3)
    for _ in range(6):
        guess(client)
    [record] = [r for r in caplog.records if r.name == rate_limit.__name__]
    assert record.levelno == logging.WARNING
    assert "the last 3 attempts all came from 127.0.0.1" in record.getMessage()


def test_an_ipv6_customer_is_one_source() -> None:
    networks = {network_of(f"2001:db8:1:2::{host}") for host in range(3)}
    assert networks == {"2001:db8:1:2::/64"}


def test_a_browser_that_checked_in_before_needs_no_proof(app: Flask, client: PageClient) -> None:
    known = browser(app)
    assert guess(known, "1001").status_code == 303
    known.submit(known.get("/events/town-hall/live"), "check-out")
    use_up(client)
    assert guess(known, "1001").status_code == 303
    # For its own person only.
    use_up(client, email=GRACE)
    known.submit(known.get("/events/town-hall/live"), "check-out")
    assert guess(known, "1002", GRACE).status_code == 429


def test_a_shared_browser_may_not_guess_without_limit(app: Flask, client: PageClient) -> None:
    shared = browser(app)
    guess(shared, "1001")
    shared.submit(shared.get("/events/town-hall/live"), "check-out")
    use_up(client)
    answers = [guess(shared).status_code for _ in range(PER_TARGET.attempts + 3)]
    assert answers == [422] * PER_TARGET.attempts + [429] * 3


def test_a_forged_known_browser_is_ignored(app: Flask, client: PageClient) -> None:
    use_up(client)
    client.set_cookie("townhall_known", "WyJ4IixbIngiXV0.forged")
    assert guess(client, "1001").status_code == 429


def join_queue(client: PageClient, number: str) -> TestResponse:
    return client.submit(guess(client, number), "check-in", queue="1")


def pass_time(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    set_clock(monkeypatch, utcnow() + timedelta(seconds=seconds))


def test_without_javascript_a_queue_lets_people_in(
    client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = use_up(client)
    assert "Wait in the queue" in refused.text
    queued = join_queue(client, "1001")
    assert queued.status_code == 429
    assert int(queued.headers["Retry-After"]) == PER_TARGET.turn
    assert "Your place in the queue is kept. In 30 seconds press" in text_of(queued.text)
    early = client.submit(queued, "check-in")
    assert early.status_code == 429
    assert 0 < int(early.headers["Retry-After"]) <= PER_TARGET.turn
    pass_time(monkeypatch, PER_TARGET.turn + 1)
    assert client.submit(early, "check-in").status_code == 303


def test_a_place_in_the_queue_is_for_one_guess_and_one_use(
    client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_up(client)
    queued = join_queue(client, "8")
    pass_time(monkeypatch, PER_TARGET.turn + 1)
    assert client.submit(queued, "check-in", employee_number="7").status_code == 429
    answers = [client.submit(queued, "check-in").status_code for _ in range(2)]
    assert answers == [422, 429]


def test_each_place_in_the_queue_comes_later_until_it_is_full(
    client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "PER_TARGET", replace(PER_TARGET, places=3))
    use_up(client)
    waits = [int(join_queue(client, str(n)).headers["Retry-After"]) for n in range(2, 5)]
    assert waits == [30, 60, 90]
    full = join_queue(client, "5")
    assert "The queue is full. Try again in 15 minutes" in text_of(full.text)
    assert 'name="ticket" value=""' in full.text


def test_a_program_gets_the_challenge_as_json(client: PageClient) -> None:
    refused = use_up(client)
    answer = client.submit(refused, "check-in", headers={"Accept": "application/json"})
    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"]) == (429, "slow_down")
    proof = solve(altcha.Challenge.from_dict(error["challenge"]))
    assert client.submit(refused, "check-in", proof=proof).status_code == 422


def run_together(count: int, task: Any) -> list[Any]:
    """Run `task` in `count` threads at once and return what each raised or returned."""
    start, results = threading.Barrier(count), []

    def run() -> None:
        start.wait()
        try:
            results.append(task())
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_parallel_guesses_are_counted_before_they_are_verified(app: Flask) -> None:
    def check_in() -> object:
        with app.app_context():
            return checkin.check_in(get_event("town-hall"), ADA, "9", Client("192.0.2.1"))

    results = run_together(40, check_in)
    verified = [result for result in results if isinstance(result, checkin.NobodyMatches)]
    assert len(verified) <= PER_TARGET.attempts
    assert len([r for r in results if isinstance(r, WorkRequired)]) == 40 - len(verified)


def test_parallel_passwords_are_verified_two_at_a_time(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, running, most, verify = threading.Lock(), 0, 0, passwords._verify

    def watched(stored: str, password: str) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        try:
            return verify(stored, password)
        finally:
            with lock:
                running -= 1

    monkeypatch.setattr(passwords, "_verify", watched)

    def sign_in() -> object:
        with app.app_context():
            return accounts.sign_in(ADMIN[0], "wrong", Client("192.0.2.1"))

    results = run_together(40, sign_in)
    verified = [result for result in results if isinstance(result, accounts.SignInRefused)]
    assert 0 < len(verified) <= PER_TARGET.attempts
    assert most <= passwords.AT_ONCE


OLD = PasswordHasher(time_cost=3, memory_cost=8 * 1024, parallelism=2)


def test_every_email_costs_the_same_hashes(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        old = Admin(email="old@example.com", name="Old", password_hash=OLD.hash("an old password"))
        db.session.add(old)
        db.session.commit()
        costs: dict[str, list[object]] = {}
        verify = passwords._verify
        for email in (ADMIN[0], "old@example.com", "nobody@example.com"):

            def watched(stored: str, password: str, email: str = email) -> bool:
                costs.setdefault(email, []).append(str(extract_parameters(stored)))
                return verify(stored, password)

            monkeypatch.setattr(passwords, "_verify", watched)
            with pytest.raises(accounts.SignInRefused):
                accounts.sign_in(email, "wrong", Client("192.0.2.1"))
    assert len(costs) == 3
    assert len({tuple(cost) for cost in costs.values()}) == 1
    assert len(costs[ADMIN[0]]) == 2


def test_signing_in_renews_an_old_hash(app: Flask, client: PageClient) -> None:
    with app.app_context():
        admin = db.session.scalars(select(Admin)).one()
        admin.password_hash = OLD.hash(ADMIN[1])
        db.session.commit()
    assert client.sign_in(*ADMIN).status_code == 303
    with app.app_context():
        stored = db.session.scalars(select(Admin.password_hash)).one()
        assert not passwords.needs_rehash(stored)
    assert browser(app).sign_in(*ADMIN).status_code == 303


def test_passwords_are_limited_and_nobody_is_locked_out(app: Flask, client: PageClient) -> None:
    answers = [client.sign_in(ADMIN[0], "wrong").status_code for _ in range(PER_TARGET.attempts)]
    assert answers == [422] * PER_TARGET.attempts
    admin = browser(app)
    refused = admin.sign_in(*ADMIN)
    assert refused.status_code == 429
    assert ADMIN[1] not in refused.text
    proof = solve(challenge_of(refused))
    signed_in = admin.submit(refused, "login", password=ADMIN[1], proof=proof)
    assert signed_in.status_code == 303


def test_workers_share_counters_except_while_redis_is_away(
    app: Flask, client: PageClient, settings: Settings
) -> None:
    for _ in range(PER_TARGET.attempts):
        guess(client)
    app.extensions["redis_breaker"].failed(ConnectionError("away"))
    expected = 429 if settings.embedded else 422
    assert guess(client).status_code == expected


def test_a_proof_holds_while_redis_is_away(app: Flask, client: PageClient) -> None:
    refused = use_up(client)
    breaker = app.extensions["redis_breaker"]
    breaker.pause_seconds = 60
    breaker.failed(ConnectionError("away"))
    for _ in range(PER_TARGET.attempts):
        guess(client)
    assert pay(client, refused, employee_number="9").status_code == 422


@pytest.fixture
def second_worker(settings: Settings) -> Iterator[PageClient]:
    """Return a client of another worker on the same stores."""
    worker = create_app(settings)
    worker.test_client_class = PageClient
    yield browser(worker)
    with worker.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("settings", ["full"], indirect=True)
def test_every_worker_accepts_a_proof_but_only_one_of_them(
    client: PageClient, second_worker: PageClient
) -> None:
    refused = use_up(client)
    proof = solve(challenge_of(refused))
    cookie = client.get_cookie("townhall")
    assert cookie
    second_worker.set_cookie("townhall", cookie.value)
    assert second_worker.submit(refused, "check-in", proof=proof).status_code == 422
    assert client.submit(refused, "check-in", proof=proof).status_code == 429


@pytest.mark.parametrize("settings", ["full"], indirect=True)
def test_a_check_in_costs_two_round_trips_to_redis(app: Flask) -> None:
    attempt = rate_limit.Attempt("check-in", ADA, "1001", Client("192.0.2.1"))
    with app.app_context():
        redis = app.extensions["redis"]
        rate_limit.admit(attempt)
        before = redis.info("commandstats")["cmdstat_evalsha"]["calls"]
        rate_limit.admit(attempt)
        rate_limit.forgive(attempt)
        assert redis.info("commandstats")["cmdstat_evalsha"]["calls"] - before == 2

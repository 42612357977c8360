"""The owners' page of admins: inviting, changing roles, removing, and the last owner."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from tests.support.statements import counted_statements
from webapp.domain.admins import invitations, managing
from webapp.domain.admins.accounts import create_admin
from webapp.domain.audit import trail
from webapp.domain.models import Admin, AdminInvitation, AuditEntry
from webapp.errors import Forbidden, Invalid, TownhallError
from webapp.infra.extensions import db

ADMINS = "/admin/admins"
GRACE, ADA = ADMIN[0], "ada@example.com"
PASSWORD = "a new long password"


@pytest.fixture
def owner(app: Flask, client: PageClient) -> PageClient:
    """Return the browser of Grace, who is the only owner, beside Ada, a moderator."""
    with app.app_context():
        add_event()
        add_admin()
        add_admin(ADA, "moderator", "Ada Lovelace")
    client.sign_in(*ADMIN)
    return client


def browser(app: Flask, email: str, password: str = ADMIN[1]) -> PageClient:
    """Return a new browser in which the admin has signed in."""
    client = app.test_client()
    assert isinstance(client, PageClient)
    assert client.sign_in(email, password).status_code == 303
    return client


def id_of(app: Flask, email: str) -> int:
    with app.app_context():
        return db.session.scalars(select(Admin.id).where(Admin.email == email)).one()


def recorded(app: Flask, action: str) -> list[str]:
    """Return the subjects of the entries of one action."""
    with app.app_context():
        query = select(AuditEntry.subject).where(AuditEntry.action == action)
        return list(db.session.scalars(query))


def invite(owner: PageClient, email: str, role: str = "organizer") -> str:
    """Invite a person and return the path of the link."""
    page = owner.submit(owner.get(ADMINS), ADMINS, email=email, role=role)
    found = re.search(r'value="http://localhost(/admin/invitations/[^"]+)"', page.text)
    assert found, page.text
    return found[1]


def accept(client: PageClient, link: str, **fields: str) -> TestResponse:
    filled = {"name": "Katherine", "password": PASSWORD, "repeated": PASSWORD} | fields
    return client.submit(client.get(link), link, **filled)


def press(owner: PageClient, admin_id: int, action: str, **fields: str) -> TestResponse:
    """Open the page that asks, and send its form."""
    address = f"{ADMINS}/{admin_id}/{action}"
    return owner.submit(owner.get(address), address, **fields)


def test_the_page_lists_admins_with_roles(owner: PageClient) -> None:
    text = text_of(owner.get(ADMINS).text)
    assert "Grace Hopper you" in text
    assert "Ada Lovelace ada@example.com Moderator never" in text


def test_an_invited_person_sets_a_password_and_is_in(app: Flask, owner: PageClient) -> None:
    link = invite(owner, "Katherine@Example.com ")
    assert "katherine@example.com" in text_of(owner.get(ADMINS).text)
    katherine = app.test_client()
    assert isinstance(katherine, PageClient)
    assert accept(katherine, link).location == "/admin/"
    assert katherine.get("/admin/employees").status_code == 200
    assert katherine.get(ADMINS).status_code == 403
    assert browser(app, "katherine@example.com", PASSWORD).get("/admin/").status_code == 200
    assert recorded(app, "admin_invited") == ["katherine@example.com"]
    assert recorded(app, "admin_invitation_accepted") == ["katherine@example.com"]


def test_the_table_keeps_no_link(app: Flask, owner: PageClient) -> None:
    token = invite(owner, "katherine@example.com").rpartition("/")[2]
    with app.app_context():
        row = db.session.scalars(select(AdminInvitation)).one()
        assert token not in f"{row.token_hash} {row.email}"
    assert token not in owner.get(ADMINS).text


def test_a_link_works_once(app: Flask, client: PageClient, owner: PageClient) -> None:
    link = invite(owner, "katherine@example.com")
    page, katherine = client.get(link), app.test_client()
    assert isinstance(katherine, PageClient)
    assert accept(katherine, link).status_code == 303
    again = client.submit(page, link, name="Eve", password=PASSWORD, repeated=PASSWORD)
    assert again.status_code == 404
    assert "was used" in text_of(again.text)
    assert client.get(link).status_code == 404


def test_an_expired_link_does_not_work(app: Flask, client: PageClient, owner: PageClient) -> None:
    link = invite(owner, "katherine@example.com")
    page = client.get(link)
    with app.app_context():
        row = db.session.scalars(select(AdminInvitation)).one()
        row.expires_at -= timedelta(days=7, seconds=1)
        db.session.commit()
    late = client.submit(page, link, name="Katherine", password=PASSWORD, repeated=PASSWORD)
    assert late.status_code == 404
    assert "expired" in text_of(owner.get(ADMINS).text)
    assert recorded(app, "admin_invitation_accepted") == []


def test_a_second_invitation_replaces_the_first(client: PageClient, owner: PageClient) -> None:
    first = invite(owner, "katherine@example.com")
    second = invite(owner, "katherine@example.com", role="reporter")
    assert client.get(first).status_code == 404
    assert "Reporter" in text_of(client.get(second).text)


def test_a_withdrawn_link_does_not_work(app: Flask, owner: PageClient) -> None:
    link = invite(owner, "katherine@example.com")
    found = re.search(r'href="(/admin/admins/invitations/\d+/withdraw)"', owner.get(ADMINS).text)
    assert found
    page = owner.get(found[1])
    assert owner.submit(page, found[1]).status_code == 303
    assert owner.submit(page, found[1]).status_code == 404
    assert owner.get(link).status_code == 404
    assert recorded(app, "admin_invitation_withdrawn") == ["katherine@example.com"]


@pytest.mark.parametrize(
    ("email", "role", "word"),
    [
        ("", "owner", "Enter an e-mail."),
        ("katherine", "owner", "not an e-mail address"),
        ("x" * 250 + "@example.com", "owner", "254"),
        (ADA, "owner", "already an admin"),
        ("katherine@example.com", "king", "one of these roles"),
        ("katherine@example.com", "", "one of these roles"),
    ],
)
def test_an_invitation_that_cannot_be_is_refused(
    owner: PageClient, email: str, role: str, word: str
) -> None:
    page = owner.submit(owner.get(ADMINS), ADMINS, email=email, role=role)
    assert page.status_code == 422
    assert word in text_of(page.text)
    assert "/admin/invitations/" not in page.text


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"name": " "}, "Enter your name."),
        ({"password": "short", "repeated": "short"}, "at least 12"),
        ({"repeated": "another long password"}, "differ"),
    ],
)
def test_a_bad_password_leaves_the_link_usable(
    client: PageClient, owner: PageClient, fields: dict[str, str], word: str
) -> None:
    link = invite(owner, "katherine@example.com")
    page = accept(client, link, **fields)
    assert page.status_code == 422
    assert word in text_of(page.text)
    assert accept(client, link).status_code == 303


@pytest.mark.parametrize("token", ["x", "%00", "x" * 2000, "\N{SNOWMAN}"])
def test_a_made_up_link_is_not_found(client: PageClient, token: str) -> None:
    assert client.get(f"/admin/invitations/{token}").status_code == 404


def test_a_role_counts_from_the_next_request(app: Flask, owner: PageClient) -> None:
    ada = browser(app, ADA)
    chat, employees = "/admin/events/town-hall/chat", "/admin/employees"
    assert (ada.get(chat).status_code, ada.get(employees).status_code) == (200, 403)
    page = ada.get(chat)
    answer = press(owner, id_of(app, ADA), "role", role="reporter")
    assert "Ada Lovelace has the role Reporter now." in text_of(owner.get(answer.location).text)
    polled = ada.get(chat, headers={"HX-Request": "true"})
    assert (polled.status_code, polled.headers["HX-Retarget"]) == (403, "#alert")
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"csrf_token": token, "chat_open": "0"}
    assert ada.post(f"{chat}/settings", data=fields).status_code == 403
    assert ada.get("/admin/events/town-hall/attendance").status_code == 200
    assert recorded(app, "admin_role_changed") == [ADA]


def test_a_removed_admin_is_out_at_once(app: Flask, owner: PageClient) -> None:
    ada = browser(app, ADA)
    page = owner.get(f"{ADMINS}/{id_of(app, ADA)}/remove")
    assert "signed out everywhere" in text_of(page.text)
    assert press(owner, id_of(app, ADA), "remove").status_code == 303
    assert ada.get("/admin/").location == "/admin/login?next=/admin/?"
    assert ada.sign_in(ADA, ADMIN[1]).status_code == 422
    assert "Ada" not in text_of(owner.get(owner.get(ADMINS).request.path).text)
    assert recorded(app, "admin_removed") == [ADA]


def test_a_removed_admin_can_be_invited_again(app: Flask, owner: PageClient) -> None:
    ada_id = id_of(app, ADA)
    old = browser(app, ADA)
    press(owner, ada_id, "remove")
    ada = app.test_client()
    assert isinstance(ada, PageClient)
    assert accept(ada, invite(owner, ADA, "reporter"), name="Ada").status_code == 303
    assert id_of(app, ADA) == ada_id
    assert ada.get("/admin/").status_code == 200
    assert old.get("/admin/").status_code == 303
    with app.app_context():
        press(owner, ada_id, "remove")
        create_admin(ADA, ADMIN[1], role="moderator")
    assert browser(app, ADA).get("/admin/events/town-hall/chat").status_code == 200


@pytest.mark.parametrize("action", ["role", "remove"])
def test_the_last_owner_stays(app: Flask, owner: PageClient, action: str) -> None:
    page = press(owner, id_of(app, GRACE), action, role="organizer")
    assert page.status_code == 422
    assert "This is the last owner." in text_of(page.text)
    assert owner.get(ADMINS).status_code == 200


def test_an_owner_beside_another_may_leave(app: Flask, owner: PageClient) -> None:
    press(owner, id_of(app, ADA), "role", role="owner")
    answer = press(owner, id_of(app, GRACE), "role", role="organizer")
    assert answer.location == "/admin/"
    assert owner.get(ADMINS).status_code == 403


def test_invitations_of_a_former_owner_stop_working(app: Flask, owner: PageClient) -> None:
    link = invite(owner, "eve@example.com", "owner")
    press(owner, id_of(app, ADA), "role", role="owner")
    press(owner, id_of(app, GRACE), "role", role="organizer")
    assert owner.get(link).status_code == 404


def test_an_unknown_role_is_refused(app: Flask, owner: PageClient) -> None:
    page = press(owner, id_of(app, ADA), "role", role="king")
    assert page.status_code == 422
    assert "owner, organizer, moderator, reporter" in text_of(page.text)


def test_an_unknown_role_in_the_table_permits_nothing(app: Flask, owner: PageClient) -> None:
    ada = browser(app, ADA)
    with app.app_context():
        db.session.execute(update(Admin).where(Admin.email == ADA).values(role="king"))
        db.session.commit()
    assert ada.get("/admin/").status_code == 403


@pytest.mark.parametrize("action", ["role", "remove"])
def test_an_admin_who_is_gone_is_not_found(app: Flask, owner: PageClient, action: str) -> None:
    address = f"{ADMINS}/{id_of(app, ADA)}/{action}"
    page = owner.get(address)
    press(owner, id_of(app, ADA), "remove")
    assert owner.submit(page, address, role="owner").status_code == 404
    assert owner.get(address).status_code == 404


def test_a_session_costs_one_statement(app: Flask, owner: PageClient) -> None:
    owner.get("/admin/events/new")
    with counted_statements(app) as statements:
        owner.get("/admin/events/new")
    assert len(statements) == 1


def act(app: Flask, begin: threading.Barrier, acting: int, other: int, action: str) -> str:
    """Let one owner act on the other; return the name of the error, if any."""
    with app.app_context(), trail.acting_as(acting):
        begin.wait()
        try:
            if action == "remove":
                managing.remove_admin(other)
            else:
                managing.change_role(other, "organizer")
        except TownhallError as refusal:
            return type(refusal).__name__
    return ""


@pytest.mark.parametrize("action", ["role", "remove"])
def test_two_owners_who_act_at_once_leave_one(app: Flask, action: str) -> None:
    with app.app_context():
        add_admin()
        add_admin(ADA)
    grace, ada = id_of(app, GRACE), id_of(app, ADA)
    for _round in range(3):
        begin = threading.Barrier(2)
        with ThreadPoolExecutor() as pool:
            tasks = [
                pool.submit(act, app, begin, acting, other, action)
                for acting, other in ((grace, ada), (ada, grace))
            ]
        outcomes = [task.result() for task in tasks]
        assert sorted(outcomes) == ["", Forbidden.__name__]
        with app.app_context():
            left = (Admin.role == "owner") & Admin.removed_at.is_(None)
            assert len(db.session.scalars(select(Admin.id).where(left)).all()) == 1
            db.session.execute(update(Admin).values(role="owner", removed_at=None))
            db.session.commit()


def test_an_owner_cannot_act_for_a_role_that_was_taken(app: Flask) -> None:
    with app.app_context():
        add_admin()
        add_admin(ADA, "moderator")
        with trail.acting_as(id_of(app, ADA)), pytest.raises(Forbidden):
            managing.remove_admin(id_of(app, GRACE))
        with trail.acting_as(None), pytest.raises(Invalid, match="last owner"):
            managing.remove_admin(id_of(app, GRACE))


def test_of_two_who_accept_a_link_at_once_one_is_in(app: Flask, owner: PageClient) -> None:
    token = invite(owner, "katherine@example.com").rpartition("/")[2]
    begin = threading.Barrier(2)

    def accept_as(name: str) -> str:
        with app.app_context():
            begin.wait()
            try:
                return invitations.accept(token, name, PASSWORD).name
            except invitations.InvitationOver:
                return ""

    with ThreadPoolExecutor() as pool:
        names = list(pool.map(accept_as, ("Katherine", "Eve")))
    assert sorted(names)[0] == ""
    assert sorted(names)[1] in ("Katherine", "Eve")
    assert recorded(app, "admin_invitation_accepted") == ["katherine@example.com"]


@pytest.mark.parametrize(("role", "status"), [("moderator", 303), ("reporter", 429)])
def test_only_an_admin_who_moderates_is_exempt_from_slow_mode(
    app: Flask, client: PageClient, role: str, status: int
) -> None:
    with app.app_context():
        add_event(slow_mode_seconds=60)
        add_admin(role=role)
        add_employee("1001", email="ada@example.com")
    client.check_in("town-hall", "ada@example.com", "1001")
    client.sign_in(*ADMIN)
    live, post = "/events/town-hall/live", "/events/town-hall/messages"
    assert client.submit(client.get(live), post, body="One").status_code == 303
    assert client.submit(client.get(live), post, body="Two").status_code == status


@pytest.mark.parametrize("role", ["owner", "moderator"])
def test_the_command_gives_a_role(app: Flask, role: str) -> None:
    options = [] if role == "owner" else ["--role", role]
    args = ["admin", "create", ADA, "--password-stdin", *options]
    done = app.test_cli_runner().invoke(args=args, input=f"{PASSWORD}\n")
    assert done.exit_code == 0, done.output
    with app.app_context():
        assert db.session.scalar(select(Admin.role).where(Admin.email == ADA)) == role


def test_the_command_refuses_an_unknown_role(app: Flask) -> None:
    args = ["admin", "create", ADA, "--password-stdin", "--role", "king"]
    done = app.test_cli_runner().invoke(args=args, input=f"{PASSWORD}\n")
    assert done.exit_code == 2
    assert "'owner', 'organizer', 'moderator', 'reporter'" in done.output

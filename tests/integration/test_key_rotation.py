"""A new SECRET_KEY beside the previous one signs nobody out and refuses no open form."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from tests.support.client import PageClient
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from webapp.app import create_app
from webapp.infra.extensions import db
from webapp.infra.settings import Settings

NEW = "another key for tests, 32 characters"
LIVE = "/events/town-hall/live"


def restarted(settings: Settings, old: PageClient, **changes: Any) -> PageClient:
    """Return the same browser at an application that was started with other keys."""
    app = create_app(replace(settings, **changes))
    app.test_client_class = PageClient
    client = app.test_client()
    assert isinstance(client, PageClient)
    client._cookies = old._cookies
    return client


def end(client: PageClient) -> None:
    with client.application.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def watching(app: Flask, client: PageClient) -> PageClient:
    with app.app_context():
        add_event()
        add_employee("1001")
        add_admin()
    client.check_in("town-hall", "person1001@example.com", "1001")
    client.sign_in(*ADMIN)
    return client


def test_both_keys_count_while_they_are_changed(settings: Settings, watching: PageClient) -> None:
    form = watching.get("/admin/events/new")
    token = form.text.split('name="csrf_token" value="')[1].split('"')[0]
    changed = restarted(settings, watching, secret_key=NEW, secret_key_previous=settings.secret_key)
    assert changed.get(LIVE).status_code == 200
    assert changed.get("/admin/").status_code == 200
    sent = changed.post("/admin/events/town-hall/copy", data={"csrf_token": token})
    assert sent.status_code == 303
    end(changed)


def test_a_new_sign_in_needs_the_new_key_alone(settings: Settings, watching: PageClient) -> None:
    changed = restarted(settings, watching, secret_key=NEW, secret_key_previous=settings.secret_key)
    fresh = changed.application.test_client()
    assert isinstance(fresh, PageClient)
    fresh.check_in("town-hall", "person1001@example.com", "1001")
    finished = restarted(settings, fresh, secret_key=NEW)
    assert finished.get(LIVE).status_code == 200
    end(changed)
    end(finished)


def test_without_the_previous_key_everybody_signs_in_again(
    settings: Settings, watching: PageClient
) -> None:
    changed = restarted(settings, watching, secret_key=NEW)
    assert changed.get(LIVE).status_code == 303
    assert changed.get("/admin/").location.startswith("/admin/login")
    end(changed)

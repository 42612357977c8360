"""Fixtures for the pages and the domain, which run in the process of the test."""

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from flask import Flask

from tests.conftest import Servers
from tests.support.client import PageClient
from tests.support.data import ADMIN, add_admin
from tests.support.proxy import DatabaseProxy
from webapp.domain import passwords


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords with the smallest parameters of argon2id.

    At the real cost, hashing is a fifth of a test that signs in. Files about passwords override
    this fixture.
    """
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))


@pytest.fixture
def admin(app: Flask, client: PageClient) -> PageClient:
    """Return a browser in which an owner is signed in; files with more to add override this."""
    with app.app_context():
        add_admin()
    client.sign_in(*ADMIN)
    return client


@pytest.fixture
def proxy(servers: Servers) -> Iterator[DatabaseProxy]:
    """Stand between an application and its database."""
    proxy = DatabaseProxy(servers.database.port)
    yield proxy
    proxy.close()

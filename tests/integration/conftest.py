"""Fixtures for the pages and the domain, which run in the process of the test."""

import pytest
from argon2 import PasswordHasher

from webapp.domain import passwords


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords with the smallest parameters of argon2id.

    At the real cost, hashing is a fifth of a test that signs in. Files about passwords override
    this fixture.
    """
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))

"""Password hashes (argon2id), verified in the same time for every account."""

import secrets
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from webapp.errors import Unavailable

# OWASP's recommendation for argon2id. The library's default takes 64 MiB and 0.25 s of CPU, and
# anybody may cause it: eight sign-ins a second would keep two cores busy. The figures are the time
# cost, the memory cost in KiB and the parallelism.
CURRENT = (2, 19 * 1024, 1)
_hasher = PasswordHasher(*CURRENT)
# 16 threads that hash at once would take 300 MiB, and the CPU from every page.
AT_ONCE = 2
WAIT_SECONDS = 5
_free = threading.BoundedSemaphore(AT_ONCE)


def hash_password(password: str) -> str:
    """Return the hash to store for `password`."""
    return _hasher.hash(password)


def verify_password(password: str, own: str | None, stored: Iterable[str]) -> bool:
    """Return True when `password` fits the hash `own`; `stored` are the hashes of all accounts.

    Hash once with each set of parameters that an account has, so that the time tells neither
    whether the account exists (`own` is None) nor by which version it was made. Raises
    `Unavailable` when too many others hash at the moment.
    """
    with _hashing():
        fits = [
            _verify(
                own if own and _parameters(own) == parameters else _decoy(*parameters), password
            )
            for parameters in sorted({_parameters(each) for each in stored} or {CURRENT})
        ]
    return own is not None and any(fits)


def needs_rehash(stored: str) -> bool:
    """Return True for a hash with older parameters."""
    return _hasher.check_needs_rehash(stored)


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _parameters(stored: str) -> tuple[int, int, int]:
    try:
        found = extract_parameters(stored)
    except InvalidHashError:
        return CURRENT
    return found.time_cost, found.memory_cost, found.parallelism


@cache
def _decoy(time_cost: int, memory_cost: int, parallelism: int) -> str:
    """Return a hash with these parameters that no password fits."""
    hasher = PasswordHasher(time_cost, memory_cost, parallelism)
    return hasher.hash(secrets.token_urlsafe(32))


@contextmanager
def _hashing() -> Iterator[None]:
    if not _free.acquire(timeout=WAIT_SECONDS):
        raise Unavailable
    try:
        yield
    finally:
        _free.release()

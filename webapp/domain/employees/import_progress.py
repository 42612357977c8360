"""The progress of an admin's import, for the page that waits for it.

Kept in the cache alone: without Redis the import goes on, and the page shows no progress.
"""

from dataclasses import asdict, dataclass

from webapp.infra import cache

# Longer than any pause of an import. What a killed process leaves expires soon.
SECONDS = 60


@dataclass(frozen=True)
class Progress:
    """`done` of `total` rows are read or written, as `step` says."""

    step: str
    done: int
    total: int


def note(admin_id: int, progress: Progress) -> None:
    """Record how far the import of this admin is."""
    cache.put(_key(admin_id), asdict(progress), SECONDS)


def find(admin_id: int) -> Progress | None:
    """Return how far the import of this admin is; None when there is none or it is unknown."""
    known = cache.get(_key(admin_id))
    return Progress(**known) if known else None


def forget(admin_id: int) -> None:
    """Record that the import has ended."""
    cache.forget(_key(admin_id))


def _key(admin_id: int) -> str:
    return f"import:v1:{admin_id}"

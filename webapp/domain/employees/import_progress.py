"""How far an admin's import is, for the page that waits for it. Kept in the cache alone: without
Redis the import goes on, and the page does not say how far."""

from dataclasses import asdict, dataclass

from webapp.infra import cache

# Longer than any pause of an import; what a killed process leaves is gone soon.
SECONDS = 60


@dataclass(frozen=True)
class Progress:
    """So many of all rows are `read` or `written`, as `step` says."""

    step: str
    done: int
    total: int


def note(admin_id: int, progress: Progress) -> None:
    """Keep how far the import of this admin is."""
    cache.put(_key(admin_id), asdict(progress), SECONDS)


def find(admin_id: int) -> Progress | None:
    """How far the import of this admin is; None when there is none, or nobody knows."""
    known = cache.get(_key(admin_id))
    return Progress(**known) if known else None


def forget(admin_id: int) -> None:
    """The import has ended."""
    cache.forget(_key(admin_id))


def _key(admin_id: int) -> str:
    return f"import:v1:{admin_id}"

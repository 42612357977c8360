"""Tickets of a queue: a place in it, signed, for browsers that cannot compute a proof of work."""

from itsdangerous import BadSignature, URLSafeSerializer

from webapp.infra.clock import utcnow

# A ticket that is due is valid this long.
VALID_SECONDS = 600


def issue_ticket(key: str, wait: int) -> str:
    """Return a ticket that is due in `wait` seconds, signed with `key`."""
    ticket: str = URLSafeSerializer(key, "queue").dumps(_now() + wait)
    return ticket


def seconds_until_due(ticket: str, key: str) -> int | None:
    """Return the seconds until the ticket is due, or None when it is expired or not of `key`."""
    try:
        due: int = URLSafeSerializer(key, "queue").loads(ticket)
    except BadSignature:
        return None
    return None if due + VALID_SECONDS < _now() else max(0, due - _now())


def _now() -> int:
    return int(utcnow().timestamp())

"""The kinds of reactions."""

from webapp.errors import Invalid

KINDS = ("like", "love", "applause", "laugh", "surprised")

Counts = dict[str, int]  # by kind; kinds without any may be left out


def parse_kind(value: object) -> str:
    """Return the kind that a viewer names. Raise `Invalid` for an unknown one."""
    if not isinstance(value, str) or value not in KINDS:
        raise Invalid("There is no such reaction.")
    return value

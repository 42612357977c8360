"""Ids that come from outside: in an address, a query, a form or a packet."""

import re

from webapp.errors import Invalid

# As a BIGINT column holds them: no row has a larger one.
MAX_ID = 2**63 - 1


def parse_id(value: object, name: str = "id") -> int:
    """Return an id from a number or its decimal digits; 0 stands before the first row.

    Raises `Invalid`, which calls the value `name`.
    """
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_ID:
        raise Invalid("`%(name)s` must be an id: a whole number of up to 19 digits.", name=name)
    return value

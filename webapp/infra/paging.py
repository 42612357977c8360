"""Parse page numbers in addresses."""

from webapp.errors import Invalid

MAX_PAGE = 10**6


def parse_page(text: str) -> int:
    """Return a page number from an address, 1 to a million. Raises `Invalid`."""
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text[:8]) <= MAX_PAGE:
        raise Invalid("There is no such page.")
    return int(text[:8])

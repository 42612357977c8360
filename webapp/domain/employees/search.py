"""Searching people by their names, e-mail addresses and numbers."""

from typing import Any

from sqlalchemy import ColumnElement

from webapp.infra.search import contains


def found(table: Any, q: str) -> ColumnElement[bool]:
    """Return the condition that the full name, address or number in `table` contains `q`."""
    # Joined, one text is searched once. No value has a line break.
    return contains(
        q,
        table.first_name,
        " ",
        table.last_name,
        "\n",
        table.email,
        "\n",
        table.employee_number,
    )

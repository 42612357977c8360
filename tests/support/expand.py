"""Compare two schemas: does the release before work on the later one?"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Inspector, inspect


@dataclass(frozen=True)
class Table:
    """Columns by name, and the columns of each rule that can refuse a row, by its text."""

    columns: dict[str, Any]
    rules: dict[str, frozenset[str]]


Schema = dict[str, Table]


def read_schema(connection: Connection) -> Schema:
    """Return the tables by name."""
    found = inspect(connection)
    names = set(found.get_table_names()) - {"alembic_version"}
    return {name: _read_table(found, name) for name in names}


def find_breaks(before: Schema, after: Schema) -> dict[str, str]:
    """Return the reasons why code for `before` may fail on `after`, by column, rule or table.

    New tables and indexes are fine, and new columns that an INSERT may leave out.
    """
    gone = dict.fromkeys(before.keys() - after.keys(), "the table is gone")
    shared = before.keys() & after.keys()
    breaks = {
        f"{table}.{name}": reason
        for table in shared
        for name, reason in _compare(before[table], after[table])
    }
    return gone | breaks


def _compare(before: Table, after: Table) -> Iterator[tuple[str, str]]:
    old, new = before.columns, after.columns
    for name in old.keys() - new.keys():
        yield name, "the column is gone"
    added = new.keys() - old.keys()
    for name in added:
        if not new[name]["nullable"] and new[name]["default"] is None:
            yield name, "a new column is nullable or has a server_default"
    for name in old.keys() & new.keys():
        if old[name]["nullable"] and not new[name]["nullable"]:
            yield name, "null is no longer accepted"
        if old[name]["default"] is not None and new[name]["default"] is None:
            yield name, "the default is gone"
        if _is_narrower(old[name]["type"], new[name]["type"]):
            yield name, f"{new[name]['type']} is narrower than {old[name]['type']}"
    empty = {name for name in added if new[name]["nullable"]}
    for rule in after.rules.keys() - before.rules.keys():
        # Code for `before` leaves these columns null, which fulfils every rule.
        if not after.rules[rule] & empty:
            yield rule, "this rule is new"


def _is_narrower(old: Any, new: Any) -> bool:
    if old._type_affinity is not new._type_affinity:
        return True
    length = getattr(new, "length", None)
    return length is not None and (old.length is None or length < old.length)


def _read_table(found: Inspector, table: str) -> Table:
    columns = {column["name"]: column for column in found.get_columns(table)}
    return Table(columns, dict(_read_rules(found, table, columns.keys())))


def _read_rules(found: Inspector, table: str, columns: Any) -> Iterator[tuple[str, frozenset[str]]]:
    unique: list[Any] = [one["column_names"] for one in found.get_unique_constraints(table)]
    unique += [one["column_names"] for one in found.get_indexes(table) if one["unique"]]
    for names in unique:
        yield f"unique ({', '.join(map(str, names))})", frozenset(names)
    for check in found.get_check_constraints(table):
        words = re.findall(r"\w+", check["sqltext"])
        yield f"check ({check['sqltext']})", columns & set(words)
    for key in found.get_foreign_keys(table):
        names = key["constrained_columns"]
        yield f"foreign key ({', '.join(names)}) to {key['referred_table']}", frozenset(names)

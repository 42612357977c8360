"""Reading a list of employees from a CSV file, however a spreadsheet wrote it."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from webapp.core.employees import normal_email
from webapp.core.errors import Invalid
from webapp.core.text import printable

# Column names as files have them, without case, spaces and punctuation.
COLUMNS = {
    "email": {"email", "mail", "emailaddress", "workemail"},
    "employee_number": {"employeenumber", "number", "employeeno", "employeeid", "personnelnumber"},
    "first_name": {"firstname", "givenname", "forename"},
    "last_name": {"lastname", "surname", "familyname"},
    "department": {"department", "team", "unit"},
    "location": {"location", "office", "site", "place"},
    "active": {"active", "enabled"},
}
REQUIRED = ("email", "employee_number", "first_name", "last_name")
LENGTHS = {
    "email": 254,
    "employee_number": 32,
    "first_name": 80,
    "last_name": 80,
    "department": 80,
    "location": 80,
}
DELIMITERS = ",;\t|"
YES = {"", "1", "yes", "y", "true", "active"}
NO = {"0", "no", "n", "false", "inactive"}
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True)
class EmployeeRow:
    """A row that can be imported; `number` is its line in the file, the header being 1."""

    number: int
    values: dict[str, str | bool]


@dataclass(frozen=True)
class BrokenRow:
    """A row that cannot, and why."""

    number: int
    reason: str


def read_rows(data: bytes) -> Iterator[EmployeeRow | BrokenRow]:
    """The rows of the file, in order.

    Delimiter, encoding (UTF-8, UTF-16, Windows-1252) and byte-order mark are recognised, columns
    matched by name in any order. Raises `Invalid` when it is no such file at all.
    """
    text = _decode(data)
    header, _, _ = text.lstrip().partition("\n")
    delimiter = max(DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text.lstrip(), newline=""), delimiter=delimiter)
    try:
        columns = _columns(next(reader, []))
        for number, cells in enumerate(reader, start=2):
            if any(cell.strip() for cell in cells):
                yield _row(number, columns, cells)
    except csv.Error as error:
        raise Invalid(f"Line {reader.line_num}: this is no CSV: {error}.") from None


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What spreadsheets on Windows write where nobody asked for UTF-8.
        return data.decode("cp1252", errors="replace")


def _columns(header: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, title in enumerate(header):
        plain = re.sub(r"[^a-z]", "", title.lower())
        for name, titles in COLUMNS.items():
            if plain in titles:
                found.setdefault(name, place)
    missing = [name.replace("_", " ") for name in REQUIRED if name not in found]
    if missing:
        raise Invalid(f"The first line must name the columns; missing: {', '.join(missing)}.")
    return found


def _row(number: int, columns: dict[str, int], cells: list[str]) -> EmployeeRow | BrokenRow:
    values: dict[str, str | bool] = {}
    for name, place in columns.items():
        values[name] = printable(cells[place]).strip() if place < len(cells) else ""
    values["email"] = normal_email(str(values["email"]))
    reason = _why_broken(values)
    if reason:
        return BrokenRow(number, reason)
    if "active" in values:
        values["active"] = str(values["active"]).lower() in YES
    return EmployeeRow(number, values)


def _why_broken(values: dict[str, str | bool]) -> str | None:
    for name in REQUIRED:
        if not values[name]:
            return f"the {name.replace('_', ' ')} is missing"
    for name, length in LENGTHS.items():
        if len(str(values.get(name, ""))) > length:
            return f"the {name.replace('_', ' ')} has more than {length} characters"
    if not EMAIL.fullmatch(str(values["email"])):
        return "the email is no e-mail address"
    if str(values.get("active", "")).lower() not in YES | NO:
        return "active is neither yes nor no"
    return None

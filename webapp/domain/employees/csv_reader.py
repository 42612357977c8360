"""Reading a list of employees from a CSV file, however a spreadsheet wrote it."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from webapp.domain.employees.directory import normal_email, normal_number
from webapp.errors import Invalid
from webapp.infra.text import one_line

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
# What decoding puts in place of bytes that are no character.
REPLACED = "\ufffd"
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True)
class EmployeeRow:
    """A row that can be imported; `number` is its line in the file, the header being 1."""

    number: int
    values: dict[str, str | bool]


@dataclass(frozen=True)
class InvalidRow:
    """A row that cannot, and why; `employee_number` is empty where that is unknown."""

    number: int
    reason: str
    employee_number: str = ""


def read_rows(data: bytes) -> Iterator[EmployeeRow | InvalidRow]:
    """The rows of the file, in order.

    Delimiter, encoding (UTF-8, UTF-16, Windows-1252) and byte-order mark are recognised, columns
    matched by name in any order. Raises `Invalid` when it is no such file at all.
    """
    text = _decode(data)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    lines = _lines(reader)
    columns = _columns(next(lines, (0, []))[1])
    for number, cells in lines:
        yield InvalidRow(number, cells) if isinstance(cells, str) else _row(number, columns, cells)


def _decode(data: bytes) -> str:
    if data.startswith(b"PK"):
        raise Invalid("This looks like a workbook (.xlsx). Save it as CSV first.")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What spreadsheets on Windows write where nobody asked for UTF-8.
        return data.decode("cp1252", errors="replace")


def _delimiter(text: str) -> str:
    """The one that finds the most columns in the first line that says something."""
    header = next((line for line in io.StringIO(text) if line.strip()), "")

    def columns_found(delimiter: str) -> int:
        cells = next(csv.reader([header], delimiter=delimiter), [])
        return sum(_field_of(cell) is not None for cell in cells)

    return max(DELIMITERS, key=columns_found)


def _lines(reader: Any) -> Iterator[tuple[int, list[str] | str]]:
    """Each row that says something with the line it begins on; a string is what broke it."""
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            open_quote = "unexpected end" in str(error)
            yield number, "a quote begins here and never ends" if open_quote else str(error)
        else:
            if any(cell.strip() for cell in cells):
                yield number, cells


def _columns(header: list[str] | str) -> dict[str, int]:
    if isinstance(header, str):
        raise Invalid(f"The first line cannot be read: {header}.")
    found: dict[str, int] = {}
    for name in COLUMNS:
        places = [place for place, title in enumerate(header) if _field_of(title) == name]
        # Of “Department” and “Team” the former is meant; of two teams, who knows.
        exact = [place for place in places if _plain(header[place]) == name.replace("_", "")]
        if len(exact or places) > 1:
            titles = " and ".join(f"“{header[place].strip()}”" for place in exact or places)
            raise Invalid(f"{titles} would both be the {_spoken(name)}. Rename one of them.")
        if places:
            found[name] = (exact or places)[0]
    missing = [_spoken(name) for name in REQUIRED if name not in found]
    if missing:
        raise Invalid(f"The first line must name the columns; missing: {', '.join(missing)}.")
    return found


def _field_of(title: str) -> str | None:
    plain = _plain(title)
    return next((name for name, titles in COLUMNS.items() if plain in titles), None)


def _plain(title: str) -> str:
    return re.sub(r"[^a-z]", "", title.lower())


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _row(number: int, columns: dict[str, int], cells: list[str]) -> EmployeeRow | InvalidRow:
    values: dict[str, str | bool] = {}
    for name, place in columns.items():
        values[name] = one_line(cells[place]) if place < len(cells) else ""
    values["email"] = normal_email(str(values["email"]))
    reason = validation_error(values)
    if reason:
        return InvalidRow(number, reason, str(values["employee_number"]))
    if "active" in values:
        values["active"] = str(values["active"]).lower() in YES
    return EmployeeRow(number, values)


def validation_error(values: dict[str, str | bool]) -> str | None:
    """Why these values are no employee, or None when they are one."""
    for name in REQUIRED:
        if not values[name]:
            return f"the {_spoken(name)} is missing"
    for name, length in LENGTHS.items():
        if len(str(values.get(name, ""))) > length:
            return f"the {_spoken(name)} has more than {length} characters"
    if not normal_number(str(values["employee_number"])):
        return "the employee number has neither a letter nor a digit"
    if not EMAIL.fullmatch(str(values["email"])):
        return "the email is no e-mail address"
    if str(values.get("active", "")).lower() not in YES | NO:
        return "active is neither yes nor no"
    if any(REPLACED in str(value) for value in values.values()):
        return "a character cannot be read; save the file as UTF-8"
    return None

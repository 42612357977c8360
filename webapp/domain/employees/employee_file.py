"""A file with a list of employees: how it is encoded, which column is which, and its rows."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from webapp.domain.employees.column_titles import field_of, plain_title
from webapp.domain.employees.encodings import (
    WORD,
    Encoding,
    detect_encoding,
    parse_encoding,
    readings,
)
from webapp.domain.employees.rows import SPOKEN, EmployeeRow, InvalidRow, read_row
from webapp.domain.employees.tables import (
    DELIMITERS,
    PROTECTED,
    CsvTable,
    Record,
    Table,
    WorkbookTable,
    open_csv,
    open_workbook,
)
from webapp.errors import Invalid
from webapp.infra.text import one_line

# Reports have a few lines above their titles.
HEADER_ROWS = 30
MAX_ROWS = 200_000
SAMPLE_ROWS = 10
# How far to look for names with letters of their own, by which an encoding can be judged.
SAMPLED_ROWS = 2000
JUDGED_BYTES = 4096
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
TITLE_LENGTH, SHOWN_TITLES, SHOWN_NAMES = 80, 20, 4
T = TypeVar("T", CsvTable, WorkbookTable)
# Field to title, to position from 0, or to None where the file does not have it.
ColumnChoice = Mapping[str, str | int | None]


class UnclearColumns(Invalid):
    """It cannot be told which column is which; somebody has to say."""


class UnclearEncoding(Invalid):
    """It cannot be told how the file is encoded; somebody has to look at the names."""


@dataclass(frozen=True)
class Header:
    """The row of titles: its number, its cells, and the place of each field among them.

    `rivals` are the titles between which it could not decide, by field.
    """

    number: int
    titles: list[str]
    columns: dict[str, int]
    rivals: dict[str, list[str]] = field(default_factory=dict)

    @property
    def unused(self) -> list[str]:
        """Return the titles of the columns that are not read."""
        used = set(self.columns.values())
        return [title for place, title in enumerate(self.titles) if title and place not in used]


@dataclass(frozen=True)
class EmployeeFile:
    """A file that has been looked at; `rows()` reads it.

    `choices` are the readings of its names by the encodings that it may have, empty where that is
    certain; `lines` about how many rows there are, 0 where that is unknown.
    """

    table: Table
    header: Header
    encoding: Encoding | None
    delimiter: str
    choices: dict[str, list[str]]
    lines: int

    @property
    def description(self) -> str:
        """Return how the file is read, with sample names that show whether it is right."""
        if self.encoding is None:
            return "Excel workbook"
        words = [
            word for _, cells in self.sample() for cell in cells for word in WORD.findall(cell)
        ]
        names = f": {', '.join(words[:SHOWN_NAMES])}" if words else ""
        return f"CSV, {DELIMITERS[self.delimiter]}-separated, {self.encoding.label}{names}"

    def columns(self, limit: int) -> list[tuple[int, str, str]]:
        """Return place, title and field of the first columns, and of all that are read."""
        fields = {place: name for name, place in self.header.columns.items()}
        titles = self.header.titles
        places = sorted({*range(min(limit, len(titles))), *fields})
        return [(p, titles[p] if p < len(titles) else "", fields.get(p, "")) for p in places]

    def check(self) -> None:
        """Raise `UnclearColumns` or `UnclearEncoding` when it cannot be imported like this."""
        _check_columns(self.header)
        if self.choices:
            read = "; ".join(f"{', '.join(words)} ({name})" for name, words in self.choices.items())
            raise UnclearEncoding(
                "It is not certain how this file is encoded. Choose the encoding in which its names"
                f" look right: {read}."
            )

    def rows(self) -> Iterator[EmployeeRow | InvalidRow]:
        """Yield every row below the titles. Raises `Invalid` when there are too many."""
        for count, (number, cells) in enumerate(self._records()):
            if count == MAX_ROWS:
                raise Invalid(f"This file has more than {MAX_ROWS:,} rows. Split it into several.")
            if isinstance(cells, str):
                yield InvalidRow(number, cells)
            else:
                yield read_row(number, self.header.columns, cells)

    def sample(self) -> list[tuple[int, list[str]]]:
        """Return ten rows as they are read, names with letters beyond ASCII among them."""
        rows = islice(self._records(), SAMPLED_ROWS)
        read = [(number, cells) for number, cells in rows if not isinstance(cells, str)]
        telling = [row for row in read if not all(map(str.isascii, row[1]))]
        chosen = telling[: SAMPLE_ROWS // 2]
        chosen += [row for row in read if row not in chosen][: SAMPLE_ROWS - len(chosen)]
        return sorted(chosen)

    def _records(self) -> Iterator[Record]:
        return (record for record in self.table.records() if record[0] > self.header.number)


def open_file(data: bytes, encoding: str = "", columns: ColumnChoice | None = None) -> EmployeeFile:
    """Recognise what `data` is: a CSV file or an Excel workbook, and its columns.

    `encoding` and `columns` are what somebody chose. Raises `Invalid` for any other kind of file.
    """
    choice = columns or {}
    if data.startswith(OLE):
        raise Invalid(PROTECTED)
    if data.startswith(ZIP):
        sheet, header = _find_header(open_workbook(data), choice)
        return EmployeeFile(sheet, header, None, "", {}, 0)
    known = parse_encoding(encoding) if encoding else detect_encoding(data)
    if _is_binary(data, known):
        raise Invalid(
            "This is neither a CSV file nor an Excel workbook (.xlsx): choose one of them."
        )
    table, header = _find_header(open_csv(data, known), choice)
    choices = {} if known.certain else readings(data)
    return EmployeeFile(table, header, known, table.delimiter, choices, _count_lines(data))


def _is_binary(data: bytes, encoding: Encoding) -> bool:
    """Return True when more than a twentieth of the first characters are control characters."""
    start = data[:JUDGED_BYTES].decode(encoding.name, errors="replace")
    controls = sum(character < " " and character not in "\t\n\r\x1b" for character in start)
    return controls * 20 > len(start)


def _count_lines(data: bytes) -> int:
    return max(data.count(b"\n"), data.count(b"\r"))


def _find_header(tables: Iterable[T], choice: ColumnChoice) -> tuple[T, Header]:
    """Return the row that looks most like titles, the first of equals, and its table."""
    wanted = {plain_title(title) for title in choice.values() if isinstance(title, str)}

    def likeness(found: tuple[T, Header]) -> tuple[int, int]:
        titles = found[1].titles
        score = len(found[1].columns) + len(found[1].rivals)
        score += len(wanted & set(map(plain_title, titles)))
        # Where no title is known, the row with the most cells: it is above data of all columns.
        return score, 0 if score else len(titles)

    found = [
        (table, _read_header(number, cells))
        for table in tables
        for number, cells in islice(table.records(), HEADER_ROWS)
        if not isinstance(cells, str)
    ]
    if not found:
        raise Invalid(
            "There is no row in this file that can be read. Choose a CSV file or an .xlsx."
        )
    table, header = max(found, key=likeness)
    return table, _choose(header, choice)


def _read_header(number: int, cells: list[str]) -> Header:
    titles = [one_line(cell)[:TITLE_LENGTH] for cell in cells]
    ranked: dict[str, dict[int, list[int]]] = {}
    for place, title in enumerate(titles):
        if known := field_of(title):
            name, strength = known
            ranked.setdefault(name, {}).setdefault(strength, []).append(place)
    best = {name: places[min(places)] for name, places in ranked.items()}
    columns = {name: places[0] for name, places in best.items() if len(places) == 1}
    rivals = {name: [titles[p] for p in ps] for name, ps in best.items() if len(ps) > 1}
    return Header(number, titles, _name_columns(columns), rivals)


def _name_columns(columns: dict[str, int]) -> dict[str, int]:
    """Decide what a column of names holds by the other columns there are.

    “Name” beside “Vorname” is the last name; “Nombre” alone is the full name.
    """
    names = {name for name in ("first_name", "last_name", "full_name") if name in columns}
    if names == {"first_name", "last_name", "full_name"}:
        return {name: place for name, place in columns.items() if name != "full_name"}
    renamed = {
        frozenset({"first_name", "full_name"}): ("full_name", "last_name"),
        frozenset({"last_name", "full_name"}): ("full_name", "first_name"),
        frozenset({"first_name"}): ("first_name", "full_name"),
        frozenset({"last_name"}): ("last_name", "full_name"),
    }
    old, new = renamed.get(frozenset(names), ("", ""))
    return {new if name == old else name: place for name, place in columns.items()}


def _choose(header: Header, choice: ColumnChoice) -> Header:
    columns, rivals = dict(header.columns), dict(header.rivals)
    for name, wanted in choice.items():
        columns.pop(name, None)
        rivals.pop(name, None)
        if wanted is not None:
            place = _place_of(wanted, header.titles)
            columns = {other: at for other, at in columns.items() if at != place} | {name: place}
    return Header(header.number, header.titles, columns, rivals)


def _place_of(wanted: str | int, titles: list[str]) -> int:
    if isinstance(wanted, int):
        return wanted
    places = [p for p, title in enumerate(titles) if plain_title(title) == plain_title(wanted)]
    if len(places) != 1:
        count = "more than one column" if places else "no column"
        raise UnclearColumns(f"There is {count} “{wanted}”. {_titles_found(titles)}")
    return places[0]


def _check_columns(header: Header) -> None:
    if header.rivals:
        name, titles = next(iter(header.rivals.items()))
        quoted = " and ".join(f"“{title}”" for title in titles)
        raise UnclearColumns(f"{quoted} may both be the {SPOKEN[name]}: say which column it is.")
    missing = [SPOKEN[name] for name in ("email", "employee_number") if name not in header.columns]
    if not {"first_name", "last_name", "full_name"} & header.columns.keys():
        missing.append("name")
    if missing:
        raise UnclearColumns(
            f"No column is known to be the {' or the '.join(missing)}: say which column it is."
            f" {_titles_found(header.titles)}"
        )


def _titles_found(titles: list[str]) -> str:
    shown = ", ".join(f"“{title}”" for title in titles[:SHOWN_TITLES] if title)
    return f"The titles found are {shown}{' and more' if len(titles) > SHOWN_TITLES else ''}."

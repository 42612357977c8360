"""A file with a list of employees: how it is encoded, which column is which, and its rows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from webapp.domain.employees.column_headers import (
    ColumnChoice,
    Header,
    check_columns,
    find_header,
)
from webapp.domain.employees.encodings import (
    WORD,
    Encoding,
    detect_encoding,
    parse_encoding,
    readings,
)
from webapp.domain.employees.rows import EmployeeRow, InvalidRow, read_row
from webapp.domain.employees.tables import (
    DELIMITERS,
    OF_ANOTHER_KIND,
    PROTECTED,
    Record,
    Table,
    open_csv,
    open_workbook,
)
from webapp.errors import Invalid
from webapp.i18n import gettext as _
from webapp.i18n import lazy

MAX_ROWS = 200_000
SAMPLE_ROWS = 10
# Rows to search for names with letters beyond ASCII, by which an encoding can be judged.
SAMPLED_ROWS = 2000
JUDGED_BYTES = 4096
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# HR systems call a web page or XML a workbook (.xls).
MARKUP = re.compile(
    rb"[\xef\xbb\xbf\s]*<(?:[!?]|(?:html|head|body|meta|style|table)\b)", re.IGNORECASE
)
SHOWN_NAMES = 4


MORE_CELLS = lazy(
    "the row has more cells than there are titles; put quotes around a text with the separator"
)


class UnclearEncoding(Invalid):
    """It cannot be told how the file is encoded; somebody has to look at the names."""


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
            return _("Excel workbook")
        words = [
            word for _row, cells in self.sample() for cell in cells for word in WORD.findall(cell)
        ]
        names = f": {', '.join(words[:SHOWN_NAMES])}" if words else ""
        return f"{DELIMITERS[self.delimiter]}, {self.encoding.label}{names}"

    def columns(self, limit: int) -> list[tuple[int, str, str]]:
        """Return place, title and field of the first columns, and of all that are read."""
        fields = {place: name for name, place in self.header.columns.items()}
        titles = self.header.titles
        places = sorted({*range(min(limit, len(titles))), *fields})
        return [(p, titles[p] if p < len(titles) else "", fields.get(p, "")) for p in places]

    def check(self) -> None:
        """Raise `UnclearColumns` or `UnclearEncoding` when it cannot be imported like this."""
        check_columns(self.header)
        if self.choices:
            read = "; ".join(f"{', '.join(words)} ({name})" for name, words in self.choices.items())
            raise UnclearEncoding(
                "It is not certain how this file is encoded. Choose the encoding in which its names"
                " look right: %(readings)s.",
                readings=read,
            )

    def rows(self) -> Iterator[EmployeeRow | InvalidRow]:
        """Yield every row below the titles. Raises `Invalid` when there are too many."""
        for count, (number, cells) in enumerate(self._records()):
            if count == MAX_ROWS:
                raise Invalid(
                    "This file has more than %(most)s rows. Split it into several.", most=MAX_ROWS
                )
            if isinstance(cells, str):
                yield InvalidRow(number, cells)
            elif self.encoding and any(map(str.strip, cells[len(self.header.titles) :])):
                # Some cells stand below the wrong titles, perhaps the number of somebody else.
                yield InvalidRow(number, str(MORE_CELLS))
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
        sheet, header = find_header(open_workbook(data), choice)
        return EmployeeFile(sheet, header, None, "", {}, 0)
    known = parse_encoding(encoding) if encoding else detect_encoding(data)
    if MARKUP.match(data) or _is_binary(data, known):
        raise Invalid(OF_ANOTHER_KIND)
    table, header = find_header(open_csv(data, known), choice)
    choices = {} if known.certain else readings(data)
    return EmployeeFile(table, header, known, table.delimiter, choices, _count_lines(data))


def _is_binary(data: bytes, encoding: Encoding) -> bool:
    """Return True when more than a twentieth of the first characters are control characters."""
    start = data[:JUDGED_BYTES].decode(encoding.name, errors="replace")
    controls = sum(character < " " and character not in "\t\n\r\x1b" for character in start)
    return controls * 20 > len(start)


def _count_lines(data: bytes) -> int:
    return max(data.count(b"\n"), data.count(b"\r"))

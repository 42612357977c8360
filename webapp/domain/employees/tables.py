"""The rows of a CSV file or a workbook, read one after the other in bounded memory."""

import csv
import datetime as dt
import io
import re
import zipfile
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Protocol

import openpyxl
from openpyxl.utils.escape import unescape

from webapp.domain.employees.encodings import Encoding
from webapp.domain.employees.workbook_size import TooLargeError, check_size
from webapp.errors import Invalid
from webapp.i18n import gettext as _
from webapp.i18n import lazy

# The row's number in the file, from 1, and its cells, or the reason why they cannot be read.
Record = tuple[int, list[str] | str]

DELIMITERS = {
    ",": lazy("CSV, comma-separated"),
    ";": lazy("CSV, semicolon-separated"),
    "\t": lazy("CSV, tab-separated"),
    "|": lazy("CSV, separated by vertical bars"),
}
LINE_LENGTH = 200_000
# Empty ones included: each costs time.
LINES = 1_000_000
# Beyond it nothing is looked at: Workday exports have some 300 columns.
COLUMNS = 1000
# DOS programs end a file with a control Z.
END_OF_FILE = "\x1a"
# The first line by which Excel learns the delimiter: sep=;
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
# Above this, Excel and JavaScript no longer tell one whole number from the next.
EXACT_NUMBERS = 2**53
TOO_MANY_LINES = lazy("This file has more than %(most)s lines. Split it into several.", most=LINES)
OPEN_QUOTE = lazy("a quote begins here and never ends")


class Table(Protocol):
    """Rows of cells that can be read any number of times."""

    def records(self) -> Iterator[Record]:
        """Yield each row that has text, from the first one."""


class CsvTable:
    """A CSV file. `delimiter` is one of `DELIMITERS`."""

    def __init__(self, data: bytes, encoding: Encoding, delimiter: str) -> None:
        self.encoding, self.delimiter = encoding, delimiter
        self._data = data

    def records(self) -> Iterator[Record]:
        """Yield each row that has text with the line it begins on, or why it cannot be read.

        A quote that never ends costs its own line alone: reading goes on at the next one.
        """
        lines = _Lines(self._data, self.encoding)
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True, skipinitialspace=True)
        while True:
            number = lines.begin_record()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield number, _spoken(error, several_lines=lines.put_back_all_but_first())
                continue
            if lines.too_long:
                yield number, _("the row has more than %(most)s characters", most=LINE_LENGTH)
            elif _has_text(cells) and not (number == 1 and _separator(cells)):
                yield number, cells[:COLUMNS]


class _TooLong(str):
    """Stands for a line that is longer than `LINE_LENGTH`."""

    __slots__ = ()


class _Lines:
    """The lines of a file for `csv.reader`, which can be put back."""

    def __init__(self, data: bytes, encoding: Encoding) -> None:
        # csv finds line ends itself: in "\\r" alone, too, as Excel for Mac writes them.
        self._stream = io.TextIOWrapper(
            io.BytesIO(data), encoding=encoding.name, errors="replace", newline=""
        )
        self._number = 0
        self._record: list[str] = []
        self._waiting: deque[str] = deque()

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._read()
        if not line:
            raise StopIteration
        self._number += 1
        if self._number > LINES:
            raise Invalid(TOO_MANY_LINES)
        self._record.append(line)
        return line

    def begin_record(self) -> int:
        """Return the number of the line with which the next record begins."""
        self._record.clear()
        return self._number + 1

    @property
    def too_long(self) -> bool:
        """Return True when a line of this record was left out for its length."""
        return any(isinstance(line, _TooLong) for line in self._record)

    def put_back_all_but_first(self) -> bool:
        """Put back all lines of this record but its first; return whether there are any."""
        back = self._record[1:]
        self._number -= len(back)
        self._waiting.extendleft(reversed(back))
        return bool(back)

    def _read(self) -> str:
        line = self._stream.readline(LINE_LENGTH)
        if self._number == 0:
            line = line.removeprefix("\ufeff")
        if len(line) < LINE_LENGTH or line.endswith("\n"):
            return line
        while (rest := self._stream.readline(LINE_LENGTH)) and not rest.endswith(("\n", "\r")):
            pass
        return _TooLong("\n")


def open_csv(data: bytes, encoding: Encoding) -> list[CsvTable]:
    """Return the file with each delimiter that it may have; with one where the file names it."""
    first = next(_Lines(data, encoding), "")
    named = SEPARATOR_LINE.fullmatch(first)
    delimiters = [named[1]] if named and named[1] in DELIMITERS else [*DELIMITERS]
    return [CsvTable(data, encoding, delimiter) for delimiter in delimiters]


class WorkbookTable:
    """A sheet of an Excel workbook."""

    def __init__(self, data: bytes, sheet: str) -> None:
        self.sheet = sheet
        self._data = data

    def records(self) -> Iterator[Record]:
        """Yield each row that has text with its number in the sheet."""
        with _opened(self._data) as book:
            sheet = book[self.sheet]
            # Some programs write a size that leaves out most cells.
            sheet.reset_dimensions()
            for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
                if number > LINES:
                    raise Invalid(TOO_MANY_LINES)
                cells = [_text(value) for value in values[:COLUMNS]]
                if any(map(str.strip, cells)):
                    yield number, cells


DAMAGED = lazy(
    "This workbook is damaged. Open it in a spreadsheet, save it again and choose that file."
)
TOO_LARGE = lazy("This workbook is too large. Keep the columns that are needed, or save it as CSV.")
OF_ANOTHER_KIND = lazy(
    "This is neither a CSV file nor an Excel workbook (.xlsx). If a spreadsheet opens it, save it"
    " from there as one of them."
)
PROTECTED = lazy(
    "This is an old or a protected workbook. Save it as .xlsx without a password, or as CSV."
)


def open_workbook(data: bytes) -> list[WorkbookTable]:
    """Return the visible sheets. Raises `Invalid` for a damaged or too large workbook."""
    with _spoken_damage():
        _check_kind(data)
        check_size(data)
    with _opened(data) as book:
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        return [WorkbookTable(data, sheet.title) for sheet in sheets]


@contextmanager
def _opened(data: bytes) -> Iterator[openpyxl.Workbook]:
    """Open a workbook. Raises `Invalid` for whatever is wrong with it, also while it is read."""
    with _spoken_damage():
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        with closing(book):
            yield book


@contextmanager
def _spoken_damage() -> Iterator[None]:
    try:
        yield
    except Invalid:
        raise
    except TooLargeError as error:
        raise Invalid(TOO_LARGE) from error
    except Exception as error:
        # Nearly every type of exception comes out of openpyxl for one damage or another.
        raise Invalid(DAMAGED) from error


def _check_kind(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if not any(name.endswith("workbook.xml") for name in archive.namelist()):
            # OpenDocument, Numbers, .xlsb, or a ZIP file around a list.
            raise Invalid(OF_ANOTHER_KIND)


def _has_text(cells: list[str]) -> bool:
    return any(cell.strip() not in ("", END_OF_FILE) for cell in cells)


def _separator(cells: list[str]) -> bool:
    return SEPARATOR_LINE.fullmatch("".join(cells)) is not None or cells[0].lower() == "sep="


def _spoken(error: csv.Error, several_lines: bool) -> str:
    if several_lines or "unexpected end" in str(error):
        return str(OPEN_QUOTE)
    if "field larger" in str(error):
        return _("a cell has more than %(most)s characters", most=csv.field_size_limit())
    return _("a quote inside a cell is not doubled")


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer() and abs(value) < EXACT_NUMBERS:
            return str(int(value))
        case str():
            return unescape(value) if "_x" in value else value
        case int() if abs(value) >= EXACT_NUMBERS:
            return f"{value:.5E}"
        case dt.datetime():
            return value.date().isoformat()
    return str(value)

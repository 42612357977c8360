"""Workbooks that are written row by row, in constant memory."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from tempfile import TemporaryDirectory, TemporaryFile
from types import TracebackType
from typing import IO, Any, Self

import xlsxwriter

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_ROWS = 2**20

Cell = str | int | datetime | None


def write_workbook(fill: Callable[["Workbook"], None]) -> IO[bytes]:
    """Return a nameless file with the workbook that `fill` fills; closing the file deletes it."""
    file = TemporaryFile()  # noqa: SIM115 - the response that sends it closes it
    try:
        with TemporaryDirectory() as folder, Workbook(file, folder) as book:
            fill(book)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


class Workbook:
    """Sheets written at the same time; the file is complete when the `with` block ends.

    `folder` keeps the rows until then, and is deleted by whoever made it.
    """

    def __init__(self, file: IO[bytes], folder: str) -> None:
        self._book = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": folder})
        self._offsets: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._book.close()

    def add_sheet(self, name: str, header: Sequence[str], widths: Sequence[int]) -> "Sheet":
        """Add a sheet with a frozen header and a filter."""
        return Sheet(self, name, header, widths)

    def open_sheet(self, name: str, header: Sequence[str], widths: Sequence[int]) -> Any:
        """Add a sheet with its header, and return it as XlsxWriter's object."""
        sheet = self._book.add_worksheet(name)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        bold = self._book.add_format({"bold": True, "bottom": 1})
        for column, title in enumerate(header):
            sheet.write_string(0, column, title, bold)
        return sheet

    def moment_format(self, moment: datetime) -> Any:
        """Return the format of a date: ISO 8601 with the offset as text."""
        offset = moment.isoformat()[-6:]
        if offset not in self._offsets:
            pattern = f'yyyy-mm-dd"T"hh:mm:ss"{offset}"'
            self._offsets[offset] = self._book.add_format({"num_format": pattern, "align": "left"})
        return self._offsets[offset]


class Sheet:
    """Rows below each other; where a sheet is full, another one of that name goes on."""

    def __init__(
        self, book: Workbook, name: str, header: Sequence[str], widths: Sequence[int]
    ) -> None:
        self._book, self._name, self._header, self._widths = book, name, header, widths
        self._sheet = book.open_sheet(name, header, widths)
        self._parts, self._row = 1, 1

    def extend(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Write rows below the others."""
        for row in rows:
            if self._row == MAX_ROWS:
                self._turn_over()
            for column, cell in enumerate(row):
                self._write(column, cell)
            self._row += 1

    def _turn_over(self) -> None:
        self._parts, self._row = self._parts + 1, 1
        name = f"{self._name} {self._parts}"
        self._sheet = self._book.open_sheet(name, self._header, self._widths)

    def _write(self, column: int, cell: Cell) -> None:
        match cell:
            # Of its type, whatever it looks like.
            case str():
                self._sheet.write_string(self._row, column, cell)
            case int():
                self._sheet.write_number(self._row, column, cell)
            case datetime():
                there = cell.replace(tzinfo=None)
                style = self._book.moment_format(cell)
                self._sheet.write_datetime(self._row, column, there, style)

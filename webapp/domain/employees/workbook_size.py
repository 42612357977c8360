"""Measure a workbook before openpyxl makes objects of it: 6 KB of it may become gigabytes.

A workbook is a ZIP file with parts in XML. openpyxl forgets each row of a sheet after it was read,
and keeps everything else: 100 to 800 bytes for each element, some 150 for each attribute.
"""

import io
import zipfile
from functools import partial
from typing import IO
from xml.parsers import expat

# 50,000 employees need 40 MB.
UNPACKED_BYTES, IN_MEMORY_BYTES = 256 << 20, 48 << 20
# Of a row, or of what a sheet has beside its rows. A row of Excel has at most 16,384 cells.
ROW_ELEMENTS, ROW_BYTES = 200_000, 16 << 20
# Of a sheet, empty ones included: each costs time.
ROWS, SHEET_ELEMENTS = 1_000_000, 20_000_000
# Of the table of strings: two for each text that cells have.
STRING_ELEMENTS = 2_000_000
# Of all other parts: each cell style has up to three.
OTHER_ELEMENTS = 100_000
# Of a tag with its attributes, or of a text: a cell has at most 32,767 characters.
TAG_BYTES = 256 << 10
# Of elements and attributes: a parser keeps each.
NAMES = 10_000
# Of elements in each other; spreadsheets have some ten.
DEPTH = 200
CHUNK = 64 << 10
UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
WORKSHEET, ROW, STRINGS = f"{MAIN} worksheet", f"{MAIN} row", f"{MAIN} sst"
SHEETS = "xl/worksheets/"
# Where a workbook says which part is what: only as a sheet is one read row by row.
REFERENCES = {"Relationship": ("Target", "Type"), "Override": ("PartName", "ContentType")}
KINDS_OF_SHEETS = ("/worksheet", ".worksheet+xml", "/hyperlink")


class TooLargeError(Exception):
    """A workbook holds more than a list of employees does."""


def check_size(data: bytes) -> None:
    """Raise TooLargeError for a workbook that would take too much memory.

    Raises other errors where the ZIP file is damaged; damaged XML is left to openpyxl.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        others = [part for part in parts if not part.filename.startswith(SHEETS)]
        _limit(sum(part.file_size for part in parts), UNPACKED_BYTES)
        _limit(sum(part.file_size for part in others), IN_MEMORY_BYTES)
        elements = 0
        for part in parts:
            measured = _Part(part.filename)
            with archive.open(part) as content:
                measured.read(content)
            elements += measured.others
            _limit(elements, OTHER_ELEMENTS)


class _Part:
    """Reads a part as openpyxl does, and counts what that would keep."""

    def __init__(self, name: str) -> None:
        self._is_sheet = name.startswith(SHEETS)
        self._root = ""
        self._depth = self._elements = self._kept = self._kept_before = 0
        self._rows = self._row_end = 0
        self._most = OTHER_ELEMENTS
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        # Spreadsheets have none, and it may define a text that multiplies itself.
        self._parser.StartDoctypeDeclHandler = self._refuse

    @property
    def others(self) -> int:
        """Return the number of elements in a part that is neither a sheet nor the strings."""
        return self._kept if self._most == OTHER_ELEMENTS else 0

    def read(self, content: IO[bytes]) -> None:
        """Read to the end, or until it is no XML any more: openpyxl gets no further.

        Raises TooLargeError.
        """
        try:
            self._count(content)
        finally:
            # It refers to this part, which refers to it: both would be freed late.
            del self._parser

    def _count(self, content: IO[bytes]) -> None:
        read = since_tag = 0
        for chunk in iter(partial(content.read, CHUNK), b""):
            # Nobody writes it, and it would hide where tags begin.
            if read == 0 and chunk.startswith(UTF_16):
                self._refuse()
            read += len(chunk)
            since_tag = _check_tags(chunk, since_tag)
            try:
                self._parser.Parse(chunk)
            except expat.ExpatError:
                return
            _limit(len(self._parser.intern), NAMES)
            _limit(self._elements, SHEET_ELEMENTS)
            if self._most == ROW_ELEMENTS:
                _limit(read - self._row_end, ROW_BYTES)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth == 1:
            self._begin(name)
        elif self._depth == 3:
            self._kept_before = self._kept
        self._kept += 1 + len(attributes) // 4
        _limit(self._kept, self._most)
        _limit(self._depth, DEPTH)
        if fields := REFERENCES.get(name.rpartition(" ")[2]):
            target, kind = (attributes.get(field, "") for field in fields)
            if "worksheets/" in target and not kind.endswith(KINDS_OF_SHEETS):
                self._refuse()

    def _begin(self, root: str) -> None:
        if root == STRINGS:
            self._most = STRING_ELEMENTS
        elif root == WORKSHEET and self._is_sheet:
            self._most = ROW_ELEMENTS

    def _end(self, name: str) -> None:
        if self._depth == 3 and name == ROW and self._most == ROW_ELEMENTS:
            self._kept = self._kept_before
            self._row_end = self._parser.CurrentByteIndex
            self._rows += 1
            _limit(self._rows, ROWS)
        self._depth -= 1

    def _refuse(self, *_: object) -> None:
        raise TooLargeError


def _check_tags(chunk: bytes, since_tag: int) -> int:
    """Check the distance to the first tag; return the bytes since the last one began."""
    first = chunk.find(b"<")
    if first < 0:
        since_tag += len(chunk)
        _limit(since_tag, TAG_BYTES)
        return since_tag
    _limit(since_tag + first, TAG_BYTES)
    return len(chunk) - chunk.rfind(b"<")


def _limit(value: int, most: int) -> None:
    if value > most:
        raise TooLargeError

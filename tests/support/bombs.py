"""Excel workbooks of some KiB that unpack to more than a machine has."""

import io
import zipfile
from collections.abc import Callable

from webapp.domain.employees.workbook_size import MAIN

SHEET = "xl/worksheets/sheet1.xml"


def repacked(data: bytes, changed: str, content: bytes) -> bytes:
    """Return the workbook with another content of one of its parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", 8) as new:
        for name in old.namelist():
            new.writestr(name, content if name == changed else old.read(name))
    return file.getvalue()


def sheet(rows: bytes) -> bytes:
    """Return a sheet with these rows."""
    return b'<worksheet xmlns="%b"><sheetData>%b</sheetData></worksheet>' % (MAIN.encode(), rows)


def styles(elements: bytes) -> bytes:
    """Return the part with the cell styles."""
    return b'<styleSheet xmlns="%b"><cellXfs>%b</cellXfs></styleSheet>' % (MAIN.encode(), elements)


def strings(elements: bytes) -> bytes:
    """Return the table of the texts that cells have in common."""
    return b'<sst xmlns="%b">%b</sst>' % (MAIN.encode(), elements)


def with_strings(data: bytes, content: bytes, name: str = "xl/sharedStrings.xml") -> bytes:
    """Return the workbook with a table of strings, which openpyxl finds by its kind."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    entry = f'<Override PartName="/{name}" ContentType="{kind}"/></Types>'.encode()
    file = io.BytesIO(data)
    with zipfile.ZipFile(file) as old:
        types = old.read("[Content_Types].xml").replace(b"</Types>", entry)
    file = io.BytesIO(repacked(data, "[Content_Types].xml", types))
    with zipfile.ZipFile(file, "a", 8) as new:
        new.writestr(name, content)
    return file.getvalue()


# Some KiB each, of which openpyxl would make gigabytes: kept by what multiplies.
BOMBS: dict[str, Callable[[bytes], bytes]] = {
    "cells of a row": lambda data: repacked(data, SHEET, sheet(b"<row>" + b"<c/>" * 10**7)),
    "elements beside the rows": lambda data: repacked(data, SHEET, sheet(b"<x/>" * 10**7)),
    "rows with the same number": lambda data: repacked(
        data, SHEET, sheet(b'<row r="1"/>' * 2_000_000)
    ),
    "elements in each other": lambda data: repacked(data, SHEET, sheet(b"<x>" * 10**7)),
    "attributes": lambda data: repacked(
        data, SHEET, sheet(b"<row " + b" ".join(b'a%d=""' % n for n in range(10**6)) + b"/>")
    ),
    "names": lambda data: repacked(
        data, SHEET, sheet(b"".join(b"<row><x%d/></row>" % n for n in range(10**6)))
    ),
    "a cell without an end": lambda data: repacked(data, SHEET, sheet(b"<row>" + b"x" * 10**7)),
    "long cells of a row": lambda data: repacked(
        data, SHEET, sheet(b"<row>" + (b"<c>" + b"x" * 200_000 + b"</c>") * 1000)
    ),
    "UTF-16": lambda data: repacked(
        data, SHEET, sheet(b"<row>" + b"<c/>" * 10**6).decode().encode("utf-16")
    ),
    "an own entity": lambda data: repacked(
        data, SHEET, b'<!DOCTYPE x [<!ENTITY a "%b">]>' % (b"x" * 10**5) + sheet(b"&a;" * 10**6)
    ),
    "cell styles": lambda data: repacked(data, "xl/styles.xml", styles(b"<xf/>" * 10**6)),
    "a theme": lambda data: repacked(data, "xl/theme/theme1.xml", styles(b"<xf/>" * 10**6)),
    "strings": lambda data: with_strings(data, strings(b"<si/>" * 5 * 10**6)),
    "strings in the place of a sheet": lambda data: with_strings(
        data, strings(b"<si/>" * 10**6), "xl/worksheets/strings.xml"
    ),
}

"""Rows of CSV files and workbooks: each is read or named, in bounded time and memory."""

import csv
import io
import subprocess
import sys
import zipfile
from datetime import date, time
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.bombs import BOMBS, SHEET, repacked, strings, with_strings
from tests.support.employees import NORA, TITLES, workbook
from webapp.domain.employees.comparison import _Comparison
from webapp.domain.employees.employee_file import MAX_ROWS, open_file
from webapp.domain.employees.encodings import Encoding, detect_encoding
from webapp.domain.employees.rows import EmployeeRow, InvalidRow
from webapp.domain.employees.tables import LINE_LENGTH, TOO_LARGE, CsvTable
from webapp.errors import Invalid

UTF8 = Encoding("utf-8", certain=True)
HEADER = ",".join(TITLES) + "\n"
MIB = 1 << 20


def records(text: str, delimiter: str = ",") -> list[tuple[int, list[str] | str]]:
    return list(CsvTable(text.encode(), UTF8, delimiter).records())


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), min_size=1),
        max_size=5,
    ),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([",", ";", "\t", "|"]),
)
def test_what_a_spreadsheet_writes_is_read(
    rows: list[list[str]], line_end: str, delimiter: str
) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    text = file.getvalue().removeprefix("\ufeff")
    # Whoever writes "a", "b" means the second quotes as such; cells are trimmed later.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    expected = list(reader)
    read = [cells for _, cells in records(text, delimiter)]
    # A control Z is the end mark of a DOS file; a row of nothing else has no text.
    blank = ("", "\x1a")
    assert read == [row for row in expected if any(cell.strip() not in blank for cell in row)]


@given(st.text(alphabet=',"\n\rab', max_size=60))
def test_no_line_is_lost_to_a_quote(text: str) -> None:
    """A row without a quote that follows a broken one is read, wherever quotes stand before."""
    last = records(text + "\nx,y,z\n")[-1]
    assert last[1] in (["x", "y", "z"], "a quote begins here and never ends") or '"' in text


def test_an_open_quote_costs_its_line_alone() -> None:
    rows = "".join(f"{n},b\n" for n in range(20_000))
    read = records(f'a,b\nx,"y\n{rows}')
    assert read[1] == (2, "a quote begins here and never ends")
    assert len(read) == 20_002
    assert read[-1] == (20_002, ["19999", "b"])


def test_a_long_line_costs_its_row_alone() -> None:
    read = records(f"a\n{'x' * LINE_LENGTH * 3}\nb\n")
    assert [number for number, _ in read] == [1, 2, 3]
    assert f"{LINE_LENGTH:,} characters" in read[1][1]


def test_a_long_cell_costs_its_row_alone() -> None:
    read = records(f"a\n{'x' * 150_000},1\nb\n")
    assert [cells for _, cells in read] == [["a"], "a cell has more than 131,072 characters", ["b"]]


# Reads a file from standard input; prints the refusal, CPU seconds and the memory used in MiB.
CHILD = """
import resource, sys
from webapp.domain.employees.comparison import _Comparison
from webapp.domain.employees.employee_file import open_file
from webapp.errors import Invalid
data, comparison = sys.stdin.buffer.read(), _Comparison([])
before = resource.getrusage(resource.RUSAGE_SELF)
try:
    file = open_file(data)
    file.check()
    for row in file.rows():
        comparison.take(row)
    refusal = f"{len(comparison._wanted)} rows are right."
except Invalid as error:
    refusal = str(error)
after = resource.getrusage(resource.RUSAGE_SELF)
print(refusal)
print(after.ru_utime - before.ru_utime, (after.ru_maxrss - before.ru_maxrss) // 1024)
"""


def cost(data: bytes) -> tuple[str, float, int]:
    """Return how a process of its own refuses the file, its CPU seconds and its MiB."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD], input=data, capture_output=True, check=True
    )
    refusal, figures = done.stdout.decode().splitlines()
    seconds, mebibytes = figures.split()
    return refusal, float(seconds), int(mebibytes)


HOSTILE = {
    "lines without titles": b"x\n" * (9 * MIB),
    "broken rows": HEADER.encode() + b"x\n" * (9 * MIB),
    "empty lines": b"\n" * (18 * MIB),
    "one line": b"x" * (18 * MIB),
    "one line of cells": b"x," * (9 * MIB),
    "a title of a million characters": HEADER.encode().strip() + b"," + b"x" * MIB + b"\n",
    "quotes": HEADER.encode() + b'"' * (18 * MIB),
    "open quotes": HEADER.encode() + b'a,"\n' * (4 * MIB),
    "UTF-16 noise": "x\n".encode("utf-16-le") * (4 * MIB),
    "foreign bytes": HEADER.encode() + b"\xff\n" * (9 * MIB),
    "zeros": bytes(18 * MIB),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_bounded_memory(name: str) -> None:
    refusal, seconds, mebibytes = cost(HOSTILE[name])
    assert refusal.endswith(".")
    assert not refusal.startswith("1")
    # Nine million rows that are all kept would be 2.4 GB and 45 s.
    assert seconds < 15
    assert mebibytes < 100


def test_a_file_has_at_most_so_many_rows() -> None:
    rows = "".join(f"p{n}@example.com,{n},First,Last\n" for n in range(MAX_ROWS + 1))
    with pytest.raises(Invalid, match="more than 200,000 rows"):
        list(open_file((HEADER + rows).encode()).rows())


def test_named_rows_are_bounded_and_all_are_counted() -> None:
    comparison = _Comparison([])
    for row in open_file(HEADER.encode() + b"x\n" * 5000).rows():
        comparison.take(row)
    assert (len(comparison._invalid), comparison._invalid_count) == (1000, 5000)


def only_row(data: bytes) -> EmployeeRow | InvalidRow:
    file = open_file(data)
    file.check()
    (row,) = file.rows()
    return row


@pytest.mark.parametrize(
    ("number", "expected"),
    [(1001, "1001"), (1001.0, "1001"), ("01001", "01001"), ("1001.0", "1001"), (" A-7 ", "A-7")],
)
def test_a_workbook_is_read(number: object, expected: str) -> None:
    row = only_row(workbook([TITLES, ["nora@example.com", number, "Nora", "New"]]))
    assert isinstance(row, EmployeeRow)
    assert row.values["employee_number"] == expected
    assert row.values["last_name"] == "New"


def test_a_sheet_may_state_a_wrong_size() -> None:
    data = workbook([TITLES, NORA])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read(SHEET)
    assert b'<dimension ref="A1:D2"' in sheet
    row = only_row(repacked(data, SHEET, sheet.replace(b"A1:D2", b"A1")))
    assert isinstance(row, EmployeeRow)


def test_escapes_of_a_workbook_are_read() -> None:
    row = only_row(workbook([TITLES, [*NORA[:3], "New_x000D_"]]))
    assert isinstance(row, EmployeeRow)
    assert row.values["last_name"] == "New"


def test_two_sheets_of_employees_are_asked_about() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook([TITLES, NORA], "Berlin")))
    more = book.create_sheet("Paris")
    more.append(TITLES)
    file = io.BytesIO()
    book.save(file)
    only_row(file.getvalue())
    more.append(["nick@example.com", "6", "Nick", "Nash"])
    book.save(file)
    with pytest.raises(Invalid, match="The sheets “Berlin”, “Paris” all have employees"):
        open_file(file.getvalue())


@pytest.mark.parametrize(
    "number", [date(2026, 3, 14), time(10, 1), 1001.5, 2**60, 1e22, None, "1.00E+05"]
)
def test_a_number_that_a_workbook_cannot_hold_breaks_its_row(number: object) -> None:
    row = only_row(workbook([TITLES, ["nora@example.com", number, "Nora", "New"]]))
    assert isinstance(row, InvalidRow)
    assert (row.number, "employee number" in row.reason) == (2, True)


def test_the_sheet_with_the_titles_is_read() -> None:
    data = workbook([["Staff"], [], TITLES, NORA], "People", before="Read me")
    row = only_row(data)
    assert (row.number, isinstance(row, EmployeeRow)) == (4, True)


def test_a_status_may_be_a_truth_value() -> None:
    row = only_row(workbook([[*TITLES, "Active"], [*NORA, False]]))
    assert isinstance(row, EmployeeRow)
    assert row.values["active"] is False


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><worksheet>&b;</worksheet>'
FAR_CELL = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    b"</sheetData></worksheet>"
)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-100],
        lambda data: data[: len(data) // 2],
        lambda data: repacked(data, SHEET, b"<worksheet><row>"),
        lambda data: repacked(data, SHEET, b""),
        lambda data: repacked(data, SHEET, LAUGHS),
        lambda data: repacked(data, SHEET, FAR_CELL),
        lambda data: repacked(data, SHEET, b" " * (500 * MIB)),
        lambda data: repacked(data, "xl/workbook.xml", b"<workbook/>"),
        lambda data: repacked(data, "[Content_Types].xml", b"<Types/>"),
        lambda data: repacked(data, "xl/styles.xml", b"<styleSheet>"),
    ],
)
def test_a_damaged_workbook_is_refused(damage: Any) -> None:
    refusal, seconds, mebibytes = cost(damage(workbook([TITLES, NORA])))
    assert refusal.endswith(".")
    assert seconds < 15
    assert mebibytes < 100


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_costs_bounded_memory(bomb: str) -> None:
    refusal, seconds, mebibytes = cost(BOMBS[bomb](workbook([TITLES, NORA])))
    assert refusal == str(TOO_LARGE)
    assert seconds < 15
    assert mebibytes < 100


def test_a_workbook_of_a_large_company_is_read() -> None:
    rows = [[f"p{n}@example.com", f"N{n}", "Nora", f"New {n}"] for n in range(500)]
    wide = [*TITLES, *(f"Column {n}" for n in range(300))]
    data = with_strings(workbook([wide, *rows]), strings(b"<si><t>x</t></si>" * 100_000))
    assert sum(isinstance(row, EmployeeRow) for row in open_file(data).rows()) == 500


def test_ascii_is_certain() -> None:
    assert detect_encoding(HEADER.encode()).certain

"""Cells of exports: whatever somebody is called, it comes back as text."""

import csv
import io
from datetime import datetime
from tempfile import TemporaryDirectory, TemporaryFile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from webapp.infra import xlsx_writer
from webapp.infra.csv_writer import BYTE_ORDER_MARK, FORMULA, SEPARATORS, csv_pieces
from webapp.infra.text import printable
from webapp.infra.xlsx_writer import Cell, Workbook

NASTY = [
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "＝1",
    "Ümit „Ö“",
    'a "quoted", name',
    "two\nlines",
    "'tis",
    "👩‍🚀",
    "http://example.com",
    "00123",
    "1e5",
    "_x0041_",
    " padded ",
]
names = st.text(min_size=1, max_size=40).map(printable).filter(bool) | st.sampled_from(NASTY)

tricky = st.text(alphabet="=+-@＝,;\t\n\r\"' \xa0ab", max_size=12)


def sheets(rows: list[list[Cell]]) -> dict[str, list[tuple[object, ...]]]:
    with TemporaryFile() as file:
        with TemporaryDirectory() as folder, Workbook(file, folder) as book:
            book.add_sheet("People", ("name",), (20,)).extend(rows)
        read = load_workbook(file)
        for sheet in read:
            for row in sheet.iter_rows():
                assert all(cell.data_type != "f" for cell in row)
        return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in read}


@given(st.lists(names, min_size=1, max_size=5))
@example(NASTY)
def test_csv_keeps_every_name(people: list[str]) -> None:
    file = "".join(csv_pieces(["name"], ([name] for name in people))).encode()
    assert file.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["name"]
    for (cell,), name in zip(rows[1:], people, strict=True):
        # Only apostrophes are added, and only where something would run.
        assert cell.replace("'", "") == name.replace("'", "")
        assert cell == name or any(sign in name for sign in FORMULA)


@pytest.mark.parametrize("written", SEPARATORS)
@pytest.mark.parametrize("read", SEPARATORS)
@given(st.lists(st.tuples(tricky, tricky, tricky), min_size=1, max_size=3))
@example([("hello;=1+1;bye", 'a;"=1"', "x\n=1"), ("=1", ";\t=1", ",=1")])
def test_csv_runs_nothing_whatever_splits_it(
    written: str, read: str, rows: list[tuple[str, str, str]]
) -> None:
    file = "".join(csv_pieces(["a", "b", "c"], rows, written)).removeprefix(BYTE_ORDER_MARK)
    for row in csv.reader(io.StringIO(file, newline=""), delimiter=read):
        assert not [cell for cell in row if cell.lstrip().startswith(FORMULA)]


@given(st.lists(names, min_size=1, max_size=5))
@example(NASTY)
def test_a_workbook_keeps_every_name_as_text(people: list[str]) -> None:
    read = sheets([[name] for name in people])["People"][1:]
    # Excel and LibreOffice undo the format's own escapes, openpyxl leaves that to us.
    assert [unescape(str(cell)) for (cell,) in read] == people


def test_a_workbook_keeps_numbers_and_dates_as_such() -> None:
    then = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    cells = sheets([[7, then, None, ""]])["People"][1]
    assert cells[:2] == (7, then.replace(tzinfo=None))
    assert not any(cells[2:])


def test_a_full_sheet_goes_on_in_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_writer, "MAX_ROWS", 3)
    assert sheets([["a"], ["b"], ["c"]]) == {
        "People": [("name",), ("a",), ("b",)],
        "People 2": [("name",), ("c",)],
    }


def test_a_large_file_comes_in_pieces_of_whole_lines() -> None:
    pieces = list(csv_pieces(["name"], (["x" * 100] for _ in range(1000))))
    assert len(pieces) > 5
    assert all(piece.endswith("\r\n") for piece in pieces)

"""Employee files as people really have them: each is read rightly, or its rows are named."""

import io
import zipfile
from pathlib import Path

import pytest
from flask import Flask

from tests.support.employees import everybody, load, summary
from webapp.domain.employees.employee_file import UnclearEncoding
from webapp.domain.employees.import_report import ImportReport
from webapp.domain.employees.importing import Unconfirmed
from webapp.errors import Invalid

# The pages are the same on every database: the embedded default is the quicker one.
pytestmark = pytest.mark.parametrize("settings", ["embedded"], indirect=True)

FILES = Path(__file__).parents[1] / "data/import"
ADA = ("Ada Lovelace", "ada@example.com", True)
LUKA = ("Luka Bianchi", "luka@example.com", True)
JOSE = ("José Núñez", "jose@example.com", True)
NORA = ("Nora New", "nora@example.com", True)
BASE = {"1001": ADA, "10010": LUKA, "2001": JOSE}


@pytest.fixture(autouse=True)
def company(app: Flask) -> None:
    """Import the employees that the other files are about."""
    with app.app_context():
        load((FILES / "base.csv").read_bytes())
        assert everybody() == BASE


def load_file(name: str, **options: bool | str) -> ImportReport:
    return load((FILES / name).read_bytes(), confirmed=False, **options)


def reasons(report: ImportReport) -> dict[int, str]:
    return {row.number: row.reason for row in report.invalid}


# The files of which every row is read, and the employees whom they add.
READ = {
    "cp1252.csv": {"5": ("José Müller", "j@example.com", True)},
    "cr-only.csv": {"5": NORA},
    "full-width-digits.csv": {"1005": NORA},
    "header-bamboohr.csv": {"5": NORA},
    "header-german.csv": {"5": NORA},
    "header-preamble.csv": {"5": NORA},
    "mailto-and-angle-brackets.csv": {"5": NORA, "6": ("Nick Nash", "nick@example.com", True)},
    "one-name.csv": {"9": ("Suharto", "su@example.com", True)},
    "sep-line.csv": {"5": NORA},
    "utf16le-no-bom-crlf.csv": {"5": ("Łukasz Żak", "nora@example.com", True)},
    "zero-width-space.csv": {"5": NORA},
}


@pytest.mark.parametrize("name", READ)
def test_every_row_is_read(app: Flask, name: str) -> None:
    with app.app_context():
        assert summary(load_file(name)) == (len(READ[name]), 0, 0, 0, 0)
        assert everybody() == BASE | READ[name]
        assert summary(load_file(name)) == (0, 0, len(READ[name]), 0, 0)


def test_numbers_as_floats_are_those_numbers(app: Flask) -> None:
    with app.app_context():
        assert summary(load_file("numbers-as-floats-sync.csv", sync=True)) == (0, 0, 3, 0, 0)
        assert everybody() == BASE


def test_a_float_is_not_the_number_of_another(app: Flask) -> None:
    with app.app_context():
        report = load_file("number-as-float-of-another.csv")
        assert "Ada Lovelace (1001) has this employee number" in reasons(report)[2]
        assert everybody() == BASE


def test_numbers_in_scientific_notation_are_broken_rows(app: Flask) -> None:
    with app.app_context():
        report = load_file("numbers-scientific-new.csv")
        assert list(reasons(report)) == [2, 3]
        assert all("scientific notation" in reason for reason in reasons(report).values())
        assert everybody() == BASE
        assert load_file("numbers-scientific-new.csv", sync=True).deactivated == []


def test_a_sync_of_nearly_nobody_asks_first(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(Unconfirmed, match="deactivate 3 of 3 employees"):
            load_file("sync-of-nearly-nobody.csv", sync=True)
        assert everybody() == BASE
        report = load_file("sync-of-nearly-nobody.csv", sync=True, dry_run=True)
        assert summary(report) == (1, 0, 0, 3, 0)
        load((FILES / "sync-of-nearly-nobody.csv").read_bytes(), sync=True, confirmed=True)
        assert [number for number, (_, _, active) in everybody().items() if active] == ["5"]


def test_one_foreign_byte_breaks_its_own_row(app: Flask) -> None:
    with app.app_context():
        report = load_file("utf8-with-one-foreign-byte.csv")
        assert "cannot be read" in reasons(report)[3]
        assert everybody() == BASE | {"5": ("José Núñez", "jose2@example.com", True)}


def test_another_code_page_is_asked_for(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(UnclearEncoding) as refusal:
            load_file("cp1250.csv")
        assert "Łukasz, Żak (cp1250)" in str(refusal.value)
        assert everybody() == BASE
        load_file("cp1250.csv", encoding="windows-1250")
        assert everybody() == BASE | {"5": ("Łukasz Żak", "l@example.com", True)}


def test_a_status_column_is_read(app: Flask) -> None:
    with app.app_context():
        assert summary(load_file("status-terminated.csv")) == (0, 1, 1, 0, 0)
        assert everybody() == BASE | {"1001": ("Ada Lovelace", "ada@example.com", False)}


def test_two_spellings_of_a_domain_are_one_person(app: Flask) -> None:
    with app.app_context():
        report = load_file("idn-punycode.csv")
        assert reasons(report) == {3: "duplicate employee number in this file, see row 2"}
        assert everybody() == BASE | {"5": ("Nora New", "nora@bücher.example", True)}


def test_a_nul_in_a_cell_costs_its_row(app: Flask) -> None:
    with app.app_context():
        report = load_file("quoted-newline-and-nul.csv")
        assert "control character" in reasons(report)[2]
        assert everybody() == BASE
        data = (FILES / "quoted-newline-and-nul.csv").read_bytes()
        load(data.replace(b"\x00", b"") + b"nick@example.com,6,Nick,Nash\n")
        assert {"No ra New", "Nick Nash"} <= {name for name, _, _ in everybody().values()}


STATUSES = {
    True: ["Active", "ACTIVE", "On leave", "Parental leave", "aktiv", "Actif", "在職", "работает"],
    False: ["Inactive", "Left", "Terminated", "Ausgeschieden", "Inactif", "Baja", "退職", "уволен"],
}
WORDS = [(word, active) for active, words in STATUSES.items() for word in words]


@pytest.mark.parametrize(("word", "active"), WORDS)
def test_a_status_is_read_in_many_languages(app: Flask, word: str, active: bool) -> None:
    with app.app_context():
        load(f"email,number,name,status\nada@example.com,1001,Ada Lovelace,{word}\n")
        assert everybody()["1001"][2] is active


def test_an_unknown_status_breaks_its_row(app: Flask) -> None:
    with app.app_context():
        data = "email,number,name,status\nada@example.com,1001,Ada Lovelace,Married\n"
        report = load(data, sync=True)
        assert reasons(report) == {2: "the status “Married” is unknown; write active or inactive"}
        assert "1001" not in [e.values["employee_number"] for e in report.deactivated]
        load(data, columns={"active": None})
        assert everybody()["1001"] == ADA


@pytest.mark.parametrize("name", ["Lovelace, Ada", "Ada Lovelace", "Ada  Lovelace"])
def test_a_column_of_full_names_is_split(app: Flask, name: str) -> None:
    with app.app_context():
        report = load(f'email,number,name\nada@example.com,1001,"{name}"\n')
        assert summary(report) == (0, 0, 1, 0, 0)


GARBLED = ["José".encode().decode(page) for page in ("cp1252", "mac-roman", "cp850")]
GARBLED += ["Jos&eacute;", "Jos&#233;", "Jos\\u00e9", "=?utf-8?Q?Jos=C3=A9?="]


@pytest.mark.parametrize("name", GARBLED)
def test_a_garbled_name_is_named_with_what_it_may_be(app: Flask, name: str) -> None:
    with app.app_context():
        report = load(f"email,number,first name,last name\nz@example.com,7,{name},Müller\n")
        assert "it may be “José”" in reasons(report)[2]
        assert everybody() == BASE


@pytest.mark.parametrize("name", ["?ukasz,?ak", "Nora,??", "M?ria,New"])
def test_a_lost_letter_breaks_its_row(app: Flask, name: str) -> None:
    with app.app_context():
        titles = "email,number,first name,last name,department\n"
        report = load(f"{titles}z@example.com,7,{name},\nn@example.com,8,Nora,New,R?D\n")
        assert list(reasons(report)) == [2, 3]
        assert "question mark in place of a letter" in reasons(report)[2]
        assert everybody() == BASE


def test_names_that_only_look_garbled_are_names(app: Flask) -> None:
    people = ["Лі,Кірі", "Jiří,KRÚŠEK", "Ângela,Ãlvares", "AT&T,R&D", "Đorđe,Šišić"]
    rows = [f"p{n}@example.com,{n},{name},Why?\n" for n, name in enumerate(people, 50)]
    with app.app_context():
        report = load("email,number,first name,last name,department\n" + "".join(rows))
        assert reasons(report) == {}


def test_a_row_with_too_many_cells_is_broken(app: Flask) -> None:
    titles = "email,first name,last name,number\n"
    with app.app_context():
        report = load(f"{titles}nora@example.com,Nora,New, PhD,5\nnick@example.com,N,Nash,6,,\n")
        assert "more cells than there are titles" in reasons(report)[2]
        assert everybody() == BASE | {"6": ("N Nash", "nick@example.com", True)}
        # Nobody knows whom such a row means.
        assert load(f"{titles}ada@example.com,Ada,King, Dr,1001\n", sync=True).unsure


def test_many_leavers_by_their_status_need_a_confirmation(app: Flask) -> None:
    rows = [f"p{n}@example.com,{n},First{n}" for n in range(50, 70)]
    with app.app_context():
        load("email,number,name\n" + "\n".join(rows))
        left = "email,number,name,status\n" + "".join(f"{row},Left\n" for row in rows)
        with pytest.raises(Unconfirmed, match="deactivate 20 of 23 employees, because of their st"):
            load(left, confirmed=False)
        assert sum(active for _, _, active in everybody().values()) == 23
        load(left)
        assert sum(active for _, _, active in everybody().values()) == 3


SPREADSHEET_ERRORS = ["#N/A", "#REF!", "#NAME?", "#DIV/0!", "#NV", "#BEZUG!", "#¡REF!", "#Н/Д"]


@pytest.mark.parametrize("error", SPREADSHEET_ERRORS)
def test_an_error_of_a_spreadsheet_breaks_its_row(app: Flask, error: str) -> None:
    with app.app_context():
        report = load(
            "email,number,first name,last name\n"
            f"nora@example.com,{error},Nora,New\nnick@example.com,6,{error},Nash\n"
        )
        assert "the employee number is “" in reasons(report)[2]
        assert "the first name is “" in reasons(report)[3]
        assert everybody() == BASE


@pytest.mark.parametrize("quotes", ["''", "‘’", "“”", "„“", "«»", '""'])
def test_quotes_of_any_kind_do_not_become_part_of_a_name(app: Flask, quotes: str) -> None:
    cells = ("nora@example.com", "5", "Nora", "New")
    row = ", ".join(f"{quotes[0]}{cell}{quotes[1]}" for cell in cells)
    with app.app_context():
        load(f"email, number, first name, last name\n{row}\n")
        assert everybody()["5"] == NORA


@pytest.mark.parametrize("end", [b"\x1a", b"\r\n\x1a\r\n"])
def test_the_end_mark_of_a_dos_file_is_not_a_row(app: Flask, end: bytes) -> None:
    with app.app_context():
        data = b"email,number,first name,last name\r\nnora@example.com,5,Nora,New\r\n"
        assert summary(load(data + end)) == (1, 0, 0, 0, 0)
        assert everybody()["5"] == NORA


def zipped(**members: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return file.getvalue()


NOT_LISTS = {
    "nothing": b"",
    "empty lines": b"\n\n\r\n",
    "one column": b"name\nAda\n",
    "bytes": b"\x00\x01\x02",
    "noise": bytes(range(256)) * 40,
    "a broken ZIP": b"PK\x03\x04zip",
    "an old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
    "titles alone": b"email,number,name\n",
    "an open quote": b'"email,number\n',
    "a table of something else": b"date,amount\n2026-11-28,12\n",
    "a long line": b"x" * 3_000_000,
    "a long title": b"email,number,name," + b"x" * 300_000 + b"\na@example.com,1,Ada\n",
    "a web page": b"<!doctype html><title>Sign in</title>",
    "an OpenDocument file": zipped(mimetype="application/vnd.oasis.opendocument.spreadsheet"),
    "a ZIP of a list": zipped(list="email,number,name\na@example.com,1,Ada\n"),
    "a web page as a workbook": b"\xef\xbb\xbf\n<table><tr><td>Email</td></tr></table>",
    "XML": b'<?xml version="1.0"?><Workbook></Workbook>',
    "UTF-32": "email,number,name\n".encode("utf-32"),
    "a picture": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(100),
}


@pytest.mark.parametrize("data", NOT_LISTS.values(), ids=list(NOT_LISTS))
def test_a_file_that_is_not_a_list_is_refused_whole(app: Flask, data: bytes) -> None:
    with app.app_context():
        with pytest.raises(Invalid) as refusal:
            load(data, sync=True)
        assert str(refusal.value).endswith(".")
        assert everybody() == BASE

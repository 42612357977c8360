"""`flask employees import`: what it prints, asks for and refuses."""

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from tests.support.employees import ADA, GRACE, HEADER, everybody, load, names

FILES = Path(__file__).parents[1] / "data/import"
ROWS = HEADER + ADA + "no-address,1003,A,B,,\n" + GRACE


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "list.csv"


def run(app: Flask, file: Path, *options: str) -> Result:
    return app.test_cli_runner().invoke(args=["employees", "import", str(file), *options])


def test_it_reports_and_counts(app: Flask, file: Path) -> None:
    file.write_text(ROWS)
    done = run(app, file)
    assert done.exit_code == 0, done.output
    assert "2 of 2 rows written" in done.output
    assert "2 new, 0 changed, 0 unchanged, 0 deactivated, 1 broken" in done.output
    assert "row 3: “no-address” is not an e-mail address" in done.output
    assert "read as CSV, comma-separated, Unicode (UTF-8)" in done.output
    with app.app_context():
        assert names() == {"Ada Lovelace", "Grace Hopper"}


def test_dry_run_and_strict_import_nothing(app: Flask, file: Path) -> None:
    file.write_text(ROWS)
    dry = run(app, file, "--dry-run")
    assert (dry.exit_code, "nothing was imported" in dry.output) == (0, True)
    assert "new: Ada Lovelace (1001)" in dry.output
    strict = run(app, file, "--strict")
    assert (strict.exit_code, "nothing was imported" in strict.output) == (1, True)
    with app.app_context():
        assert names() == set()


def test_a_sync_of_most_employees_needs_yes(app: Flask, file: Path) -> None:
    with app.app_context():
        load(HEADER + ADA + GRACE)
    file.write_text(HEADER + ADA)
    asked = run(app, file, "--sync")
    assert asked.exit_code == 1
    assert "would deactivate 1 of 2 employees" in asked.output
    assert "add --yes" in asked.output
    with app.app_context():
        assert everybody()["1002"][2]
    assert "deactivated: Grace Hopper (1002)" in run(app, file, "--sync", "--dry-run").output
    assert run(app, file, "--sync", "--yes").exit_code == 0
    with app.app_context():
        assert not everybody()["1002"][2]


def test_an_encoding_is_asked_for(app: Flask) -> None:
    asked = run(app, FILES / "cp1250.csv")
    assert asked.exit_code == 1
    assert "Łukasz, Żak (cp1250)" in asked.output
    assert "--encoding NAME" in asked.output
    unknown = run(app, FILES / "cp1250.csv", "--encoding", "klingon")
    assert (unknown.exit_code, "“klingon” is unknown" in unknown.output) == (1, True)
    done = run(app, FILES / "cp1250.csv", "--encoding", "windows-1250")
    assert (done.exit_code, "1 new" in done.output) == (0, True)
    with app.app_context():
        assert names() == {"Łukasz Żak"}


def test_a_code_page_is_never_silent(app: Flask) -> None:
    done = run(app, FILES / "cp1252.csv")
    assert "Western European (Windows-1252): José, Müller" in done.output


def test_columns_are_asked_for(app: Flask, file: Path) -> None:
    file.write_text('Contact;Ref;First name;Last name;"Status, old"\nn@x.example;5;Nora;New;?\n')
    asked = run(app, file)
    assert asked.exit_code == 1
    assert "“Contact”, “Ref”" in asked.output
    assert '--columns "employee number=Title"' in asked.output
    columns = "email=Contact,employee number=Ref,status="
    done = run(app, file, "--columns", columns)
    assert (done.exit_code, "1 new" in done.output) == (0, True), done.output
    title = run(app, file, "--columns", columns, "--columns", '"department=Status, old"')
    assert title.exit_code == 0, title.output
    for wrong in ("email", "colour=Red", "=Contact"):
        refused = run(app, file, "--columns", wrong)
        assert (refused.exit_code, "employee number" in refused.output) == (2, True)
    missing = run(app, file, "--columns", "email=Mail")
    assert (missing.exit_code, "no column “Mail”" in missing.output) == (1, True)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x00" * 9, b"name\nAda\n"])
def test_a_refusal_is_one_line(app: Flask, file: Path, data: bytes) -> None:
    file.write_bytes(data)
    done = run(app, file)
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert done.output.count("\n") == 1

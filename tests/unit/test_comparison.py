"""Whom a row means, for any company and any file: never another person, and nobody is forgotten."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.employees.comparison import _Comparison
from webapp.domain.employees.identifiers import normal_email, normal_number
from webapp.domain.employees.import_report import ImportReport, Known
from webapp.domain.employees.rows import EmployeeRow, InvalidRow, read_row

COLUMNS = {"email": 0, "employee_number": 1, "first_name": 2, "last_name": 3}
FIRST, LAST = ("Ada", "Luka", "José"), ("Lovelace", "Bianchi", "Núñez", "")

# Spellings of a number and of an address by spreadsheets, directories and people.
numbers = st.integers(1, 12).map(str)
spelled_numbers = st.builds(
    lambda number, spelling: spelling.format(number),
    numbers,
    st.sampled_from(
        ["{}", "0{}", "{}.0", "{},00", " {} ", '="{}"', "{}0", "{}.00E+01", "{}.5", ""]
    ),
)
addresses = st.integers(1, 12).map("p{}@bücher.example".format)
spelled_addresses = st.builds(
    lambda address, spell: spell(address),
    addresses,
    st.sampled_from(
        [
            str,
            str.upper,
            "<{}>".format,
            "mailto:{}".format,
            "{}\u200b".format,
            lambda address: address.replace("bücher", "xn--bcher-kva"),
            lambda _: "",
            lambda _: "nowhere",
        ]
    ),
)
cells = st.tuples(spelled_numbers, spelled_addresses, st.sampled_from(FIRST), st.sampled_from(LAST))


@st.composite
def companies(draw: st.DrawFn) -> list[Known]:
    ids = draw(st.lists(st.integers(1, 12), unique=True, max_size=8))
    return [
        Known(
            n,
            f"employee {n}",
            {
                "email": f"p{n}@bücher.example",
                "employee_number": str(n),
                "first_name": draw(st.sampled_from(FIRST)),
                "last_name": draw(st.sampled_from(LAST)),
                "department": "",
                "location": "",
                "active": draw(st.booleans()),
            },
        )
        for n in ids
    ]


def compare(company: list[Known], rows: list[EmployeeRow | InvalidRow]) -> ImportReport:
    comparison = _Comparison(company)
    for row in rows:
        comparison.take(row)
    return comparison.report(sync=True)


def read(file: list[tuple[str, str, str, str]]) -> list[EmployeeRow | InvalidRow]:
    return [
        read_row(line, COLUMNS, [email, number, first, last])
        for line, (number, email, first, last) in enumerate(file, 2)
    ]


def words(values: dict[str, Any]) -> set[str]:
    return {*values["first_name"].split(), *values["last_name"].split()}


@given(companies(), st.lists(cells, min_size=1, max_size=8))
def test_nobody_in_the_file_is_deactivated(
    company: list[Known], file: list[tuple[str, str, str, str]]
) -> None:
    report = compare(company, read(file))
    named = {normal_email(email) for _, email, _, _ in file}
    numbered = {normal_number(number) for number, _, _, _ in file}
    for employee in report.deactivated:
        assert employee.values["active"]
        assert employee.values["email"] not in named
        assert employee.values["employee_number"] not in numbered


@given(companies(), st.lists(cells, min_size=1, max_size=8))
def test_nobody_is_taken_for_another(
    company: list[Known], file: list[tuple[str, str, str, str]]
) -> None:
    report = compare(company, read(file))
    for change in report.changed:
        before, after = change.employee.values, change.values
        assert before["employee_number"] == after["employee_number"]
        assert before["email"] == after["email"] or words(before) & words(after)
    kept = {e.values["email"] for e in company} - {
        change.employee.values["email"] for change in report.changed
    }
    given_out = [values["email"] for values in report.new]
    given_out += [change.values["email"] for change in report.changed]
    assert len(given_out) == len(set(given_out))
    assert not kept & set(given_out)


@given(companies(), st.lists(cells, min_size=1, max_size=8))
def test_every_row_is_read_or_named(
    company: list[Known], file: list[tuple[str, str, str, str]]
) -> None:
    report = compare(company, read(file))
    taken = len(report.new) + len(report.changed) + report.unchanged
    assert taken + report.invalid_count == len(file)
    assert all(row.reason for row in report.invalid)

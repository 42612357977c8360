"""E-mail addresses and employee numbers: every spelling of one is the same."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from webapp.domain.employees.identifiers import (
    clean_number,
    normal_email,
    normal_number,
    number_error,
    vouched_email,
)


@pytest.mark.parametrize(
    "spelling",
    [
        "nora@bücher.example",
        " Nora@BÜCHER.example ",
        "nora@xn--bcher-kva.example",
        "NORA@XN--BCHER-KVA.EXAMPLE",
        "nora@bu\u0308cher.example",
        "nora@bücher.example\u200b",
        "\ufeffnora@bücher.example",
        "nora\u200e@bücher\u00ad.example",
        "ｎｏｒａ＠ｂücher。example",
        "<nora@bücher.example>",
        "Nora New <nora@xn--bcher-kva.example>",
        "mailto:nora@bücher.example",
        "<MAILTO:nora@bücher.example?subject=Hello>",
        "'nora@bücher.example'",
        "nora@bücher.example;",
        "nora@bücher.example.",
        "nora\u034f\ufe0f@bücher.example",
        "\u3164nora@bücher.example",
    ],
)
def test_spellings_of_an_address_are_one_address(spelling: str) -> None:
    assert normal_email(spelling) == "nora@bücher.example"


def test_different_addresses_stay_different() -> None:
    addresses = ["nora@example.com", "nóra@example.com", "nora@example.org", "no.ra@example.com"]
    assert len({normal_email(address) for address in addresses}) == 4


@given(st.text(max_size=40))
@example(".\r.")
@example("a@.\r.")
def test_normal_forms_do_not_change_again(text: str) -> None:
    assert normal_email(normal_email(text)) == normal_email(text)
    assert normal_number(normal_number(text)) == normal_number(text)
    assert clean_number(clean_number(text)) == clean_number(text)


@pytest.mark.parametrize(
    "spelling",
    [
        *("1001", "001001", "10-01", " 10 01 ", "1001.0", "1001.00", "1001,0", "1001.000"),
        *("1,001", "1.001", "1'001", "１００１", "١٠٠١", "१००१", '="1001"', "'1001", "1001\u200b"),
        *("١٠٠١٫٠", "１００１．０", "1001\ufe0f", "1001."),
    ],
)
def test_spellings_of_a_number_are_one_number(spelling: str) -> None:
    assert normal_number(spelling) == "1001"
    assert number_error(spelling) is None


@pytest.mark.parametrize("spelling", ["A-17", "a17", "A 17", "Ａ１７", "a.17"])
def test_letters_of_a_number_have_no_case(spelling: str) -> None:
    assert normal_number(spelling) == "A17"
    assert number_error(spelling) is None


@pytest.mark.parametrize(
    ("number", "complaint"),
    [
        ("1.00E+05", "scientific"),
        ("-1.01E+15", "scientific"),
        ("$1.00E+05", "scientific"),
        ("1.001E+03", "scientific"),
        ("1,00E+05", "scientific"),
        ("1e+05", "scientific"),
        ("1E-05", "scientific"),
        ("1001.5", "decimal"),
        ("10,25", "decimal"),
        ("1.000", "decimal"),
        ("1,000", "decimal"),
        ("1.001,0", "decimal"),
        ("1,001.00", "decimal"),
        ("1 001,0", "decimal"),
        ("-1001.0", "decimal"),
        ("1001.0 €", "decimal"),
        ("1.E+05", "scientific"),
        ("14-Mar", "date"),
        ("14-Mar-26", "date"),
        ("Mar-14", "date"),
        ("14. Mrz", "date"),
        ("14-mars", "date"),
        ("14/03/2026", "date"),
        ("3/14/2026", "date"),
        ("14.03.2026", "date"),
        ("2026-03-14", "date"),
        ("3月14日", "date"),
        ("10:01", "time"),
        ("10:01:00", "time"),
        ("nan", "missing"),
        ("N/A", "missing"),
        ("NULL", "missing"),
        ("-", "neither a letter nor a digit"),
    ],
)
def test_a_number_that_a_spreadsheet_changed_is_an_error(number: str, complaint: str) -> None:
    assert complaint in (number_error(number) or "")


@pytest.mark.parametrize(
    "number", ["1E5", "12E34", "E-17", "1,000,000", "1.234.567", "12-34/5", "DEC-14", "14-MAR"]
)
def test_a_number_that_only_looks_odd_is_a_number(number: str) -> None:
    assert number_error(number) is None


def test_a_stored_number_keeps_zeros_and_dashes() -> None:
    assert clean_number(" 0010-01 ") == "0010-01"
    assert clean_number("1001.0") == "1001"


@pytest.mark.parametrize(
    ("claimed", "expected"),
    [
        ("Kate@Example.com", "kate@example.com"),
        ("kate@xn--bcher-kva.example", "kate@bücher.example"),
        ("josé@example.com", "josé@example.com"),
        ("\u212aate@example.com", None),
        ("ｋate@example.com", None),
        ("mailto:kate@example.com", None),
        ("x <kate@example.com>", None),
        ("kate\u200b@example.com", None),
        ("kate", None),
    ],
)
def test_a_provider_vouches_for_one_mailbox(claimed: str, expected: str | None) -> None:
    assert vouched_email(claimed) == expected

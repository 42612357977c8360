"""The rule for text that others read: visible, bounded in height, and in its own direction."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.infra.text import clean_text, one_line

INVISIBLE = [
    "",
    " \n\t\r ",
    "\u200b\u200c\u200d",  # zero-width space, non-joiner, joiner
    "\u2060\u2063\ufeff",
    "\u00ad",  # soft hyphen
    "\u034f",  # combining grapheme joiner
    "\u061c\u200e\u200f\u202e\u2066",
    "\u115f\u1160\u3164\uffa0",  # Hangul fillers
    "\u17b4\u17b5\u180b\u180e",
    "\u2800",  # braille blank
    "\u00a0\u2003\u3000\u2028",
    "\ufe0f",
    "\U000e0041\U000e007f\U000e0100",
    "\U0001d159\U0001d173",
    "\ufffc",
    "\u0301\u0302",  # marks without a letter
    "\x00\x1b\x85",
    "\ud800",
    "\ufdd0\uffff",
]
VISIBLE = [
    "a",
    ".",
    "\u0647\u0644\u0627",
    "\u0e01\u0e49\u0e33",
    "\u0928\u092e\u0938\u094d\u0924\u0947",
    "\u2764\ufe0f",
    "1\ufe0f\u20e3",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "\U0001fac6",  # newer than the Unicode version of Python 3.11
]
MARKS = ["\u0301", "\u0e47", "\u20dd", "\u0488", "\u1dc0", "\u064b"]


@pytest.mark.parametrize("text", INVISIBLE, ids=ascii)
def test_invisible_text_is_empty(text: str) -> None:
    assert clean_text(text) == one_line(text) == ""


@pytest.mark.parametrize("text", VISIBLE, ids=ascii)
def test_visible_text_stays_as_it_is(text: str) -> None:
    assert clean_text(text) == one_line(text) == text


@pytest.mark.parametrize("mark", MARKS, ids=ascii)
@pytest.mark.parametrize("between", ["", "\u200d", "\u2060\u200b"], ids=ascii)
def test_a_letter_keeps_three_marks(mark: str, between: str) -> None:
    stacked = "x" + (mark + between) * 120 + "y"
    for cleaned in (clean_text(stacked), one_line(stacked)):
        assert cleaned.replace("\u1e8b", "x\u0307").count(mark) == 3
        assert cleaned[-1] == "y"


def test_one_blank_line_in_a_row_stays() -> None:
    assert clean_text("a\n\n\n\n\nb") == "a\n\nb"
    assert clean_text("a\r\n \u200b\r\n\u3164\r\n\r\nb") == "a\n\nb"
    assert clean_text("a\u2028\x85\r\x0bb\nc") == "a\n\nb\nc"
    assert clean_text("a\n\nb\nc") == "a\n\nb\nc"


def test_overrides_of_the_direction_are_dropped_and_isolates_stay_in_texts() -> None:
    assert clean_text("invoice\u202efdp.exe") == "invoicefdp.exe"
    assert clean_text("see \u2067\u05d0\u05d1\u2069.") == "see \u2067\u05d0\u05d1\u2069."
    assert one_line("Ada \u202e\u2067Lovelace\u200f") == "Ada Lovelace"


def test_a_name_is_one_line_and_keeps_what_its_writing_needs() -> None:
    assert one_line(" Ada\r\nLove\u2028lace\t\u00a0King ") == "Ada Love lace King"
    assert one_line("Zoe\u0308") == "Zo\u00eb"
    persian = "\u0645\u06cc\u200c\u0631\u0648\u0645"
    assert one_line(persian) == persian


@given(st.text(max_size=80))
def test_cleaning_is_stable_and_never_adds_to_a_text(text: str) -> None:
    cleaned, line = clean_text(text), one_line(text)
    assert len(cleaned) <= len(text)
    assert clean_text(cleaned) == cleaned
    assert one_line(line) == line
    assert "\n\n\n" not in cleaned
    assert "\n" not in line
    assert unicodedata.is_normalized("NFC", line)
    cleaned.encode()

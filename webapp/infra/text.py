"""Text that people type, made safe to store and to show.

`clean_text` and `one_line` are the rule for everything that others read: messages,
announcements, titles, names and notes. Both return "" for a text of which nothing can be seen.
"""

import unicodedata

import regex

# Vietnamese needs two marks on a letter, Hebrew with cantillation three.
MAX_MARKS = 3

# Blank in every font, although no Unicode property says so: the empty braille cell, the null
# notehead, blank hieroglyphs and the object replacement character.
_BLANK = "\u2800\U0001d159\U00013441\U00013442\ufffc"
# Unassigned characters count as visible: they are the emoji of a later version of Unicode.
_NOT_DRAWN = rf"\p{{Cc}}\p{{Cf}}\p{{Cs}}\p{{Z}}\p{{Default_Ignorable_Code_Point}}{_BLANK}"
_VISIBLE = regex.compile(rf"[^{_NOT_DRAWN}\p{{M}}\p{{Noncharacter_Code_Point}}]")
_UNPRINTABLE = regex.compile(r"[[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]--\n]", regex.V1)
# Each of these ends a line in some browser, editor or spreadsheet.
_LINE_END = regex.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
_BLANK_LINES = regex.compile(rf"\n(?:[[{_NOT_DRAWN}]--\n]*+\n){{2,}}", regex.V1)
# Overrides turn around the text that follows, for a reader who cannot see them.
_OVERRIDES = regex.compile("[\u202d\u202e]")
# In one line, format characters stay only where writing or emoji need them.
_HIDDEN = regex.compile(
    r"[[\p{Cf}\p{Default_Ignorable_Code_Point}]--[\p{Join_Control}\p{Variation_Selector}]]",
    regex.V1,
)
# Format characters between marks do not move the marks apart.
_MARKS = regex.compile(r"[\p{Mn}\p{Me}\p{Cf}]{4,}")


def clean_text(text: str) -> str:
    """Return a text of several lines without what is invisible, overlaps or fills the page.

    At most three combining marks in a row and one blank line in a row stay. The result is never
    longer than `text`, so that a browser can count before it sends.
    """
    if _is_plain(text):
        return text.strip()
    text = _UNPRINTABLE.sub("", _LINE_END.sub("\n", text).replace("\t", " "))
    text = _BLANK_LINES.sub("\n\n", _limit_marks(_OVERRIDES.sub("", text)))
    return text.strip() if _VISIBLE.search(text) else ""


def one_line(text: str) -> str:
    """Return a name or title: white space folded, accents composed as most systems write them,
    without bidirectional controls and other hidden characters."""
    if _is_plain(text):
        return " ".join(text.split())
    text = _UNPRINTABLE.sub("", _LINE_END.sub(" ", text).replace("\t", " "))
    text = " ".join(_limit_marks(_HIDDEN.sub("", text)).split())
    return unicodedata.normalize("NFC", text) if _VISIBLE.search(text) else ""


def printable(text: str) -> str:
    """Return `text` as HTML and UTF-8 can carry it: without control characters, except line ends,
    and without lone surrogates."""
    return text if text.isprintable() else _UNPRINTABLE.sub("", text)


def clean_field(text: str | None) -> str | None:
    """Filter a WTForms field: return its value, printable."""
    return printable(text) if text else text


def _is_plain(text: str) -> bool:
    """Return True for most texts, so that they cost a fraction of a microsecond."""
    return text.isascii() and text.isprintable()


def _limit_marks(text: str) -> str:
    limited: str = _MARKS.sub(_first_marks, text)
    return limited


def _first_marks(run: regex.Match[str]) -> str:
    kept, marks = [], 0
    for character in run[0]:
        is_mark = unicodedata.category(character) != "Cf"
        marks += is_mark
        if not is_mark or marks <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)

"""E-mail addresses and employee numbers in the one form in which they are compared.

Files, forms, check-in and single sign-on compare through these functions alone.
"""

import re
import unicodedata

import idna
import regex

from webapp.i18n import gettext as _

# "Nora New <nora@example.com>" and "<nora@example.com>".
ANGLE_BRACKETS = re.compile(r"[^<>]*<([^<>]*)>\s*")
MAILTO = re.compile(r"mailto:([^?]*)(\?.*)?", re.IGNORECASE)
# ="01001" and '01001: how spreadsheets are told to keep a number as text.
KEPT_AS_TEXT = re.compile(r"=\"(.*)\"|'(.*)")
# 1001.0 and 1001,00, but not 1.000, which may be a thousand.
ZERO_DECIMALS = re.compile(r"(\d+)[.,]0{1,2}|(\d{4,})[.,]0+")
GROUPED = re.compile(r"\d{1,3}(?:([.,'\u2019 ])\d{3})(?:\1\d{3})*")
# 1.001,0 and 1 001.50.
GROUPED_DECIMAL = re.compile(rf"(?:{GROUPED.pattern})(?!\1)[.,]\d+")
THOUSAND_OR_DECIMAL = re.compile(r"\d{1,3}[.,]000")
DECIMAL = re.compile(r"\d+[.,]\d+")
SCIENTIFIC = re.compile(r"\d+(?:[.,]\d*)?E[+-]\d+|\d+[.,]\d+E\d+", re.IGNORECASE)
# 3-14 and MAR14 become 14-Mar, Mar-14 or 2026-03-14, and 10:01 becomes 10:01:00. Programs write
# the names of months like this, people who mean a department in capitals.
MONTHS = (
    "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|Mrz|Mär|Mai|Okt|Dez|janv|févr|mars|avr"
    "|mai|juin|juil|août|sept|oct|nov|déc|ene|feb|mar|abr|may|jun|jul|ago|sep|dic|gen|mag|giu|lug"
    "|set|ott|jan|fev|out|dez|mrt|apr|mei|aug|okt|dec|sty|lut|kwi|maj|cze|lip|sie|wrz|paź|lis|gru"
)
DAY, MONTH, SIGN = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", "[-./ ]"
DATE_OR_TIME = re.compile(
    rf"{DAY}\.?{SIGN}(?:{MONTHS})\.?(?:{SIGN}\d\d(?:\d\d)?)?|(?:{MONTHS})\.?{SIGN}\d\d(?:\d\d)?"
    rf"|(?:19|20)\d\d{SIGN}{MONTH}{SIGN}{DAY}(?: 00:00:00)?|{DAY}{SIGN}{DAY}{SIGN}(?:19|20)\d\d"
    rf"|(?:(?:19|20)\d\d年)?{MONTH}月{DAY}日|\d+:[0-5]\d(?::[0-5]\d)?(?: [AP]M)?"
)
# Characters around a number that a spreadsheet formats: signs, currencies, per cent.
DECORATION = re.compile(r"\A[^\w]+|[^\w]+\Z")
# Arabic spreadsheets write these between the digits.
ARABIC_SEPARATORS = str.maketrans("\u066b\u066c", ".,")
# Programs write these where there is no number.
NO_NUMBER = frozenset(("NA", "NAN", "NULL", "NONE", "UNDEFINED"))
# Format characters, and others that are drawn as nothing: variation selectors, Hangul fillers.
INVISIBLE = regex.compile(r"[\p{Cf}\p{Default_Ignorable_Code_Point}]")
TRAILING_DOTS = re.compile(r"[.\s]+\Z")
# DNS allows no longer name.
DOMAIN_LENGTH = 253


def normal_email(text: str) -> str:
    """Return the address in lower case, composed, unwrapped and with a Unicode domain.

    `MAILTO:Nora@BÜCHER.example`, `<nora@xn--bcher-kva.example>` and an address in full-width
    letters or with zero-width spaces are all `nora@bücher.example`. Other text comes back tidied.
    """
    address = _unwrap(_tidy(text))
    local, at, domain = address.rpartition("@")
    return _tidy(f"{local}{at}{_unicode_domain(domain)}".lower())


def vouched_email(text: str) -> str | None:
    """Return the normal form of an address that an identity provider vouches for, or None.

    Folding letters would turn one mailbox into another's: a provider that lets somebody register
    `\u212aate@example.com` (a Kelvin sign) vouches for that mailbox, not for kate's. So only the
    case of ASCII letters and the spelling of the domain may differ.
    """
    local, at, _domain = text.rpartition("@")
    normal = normal_email(text)
    if not at or normal.rpartition("@")[0] != (local.lower() if local.isascii() else local):
        return None
    return normal


def clean_number(text: str) -> str:
    """Return the employee number as it is stored and shown: `1001` for `1001.0` or `="1001"`.

    Digits of every script become ASCII; leading zeros, letters and dashes stay.
    """
    number = _tidy(text)
    if kept := KEPT_AS_TEXT.fullmatch(number):
        number = kept[1] or kept[2] or ""
    number = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in number)
    number = number.translate(ARABIC_SEPARATORS)
    if zeros := ZERO_DECIMALS.fullmatch(number):
        return zeros[1] or zeros[2]
    return number


def normal_number(text: str) -> str:
    """Return the form that is compared: without case, punctuation and leading zeros.

    `0010-01` and `1001` are the same. The result is empty when there is no letter or digit.
    """
    kept = "".join(c for c in clean_number(text).upper() if c.isalnum())
    return kept.lstrip("0") or kept[:1]


def number_error(text: str) -> str | None:
    """Return why a spreadsheet has made this employee number unreadable, or None."""
    number = clean_number(text)
    bare = DECORATION.sub("", number)
    if SCIENTIFIC.fullmatch(bare):
        return _(
            "the employee number %(number)s is in scientific notation and has lost digits; "
            "format its column as text",
            number=number,
        )
    if (
        THOUSAND_OR_DECIMAL.fullmatch(bare)
        or GROUPED_DECIMAL.fullmatch(bare)
        or (DECIMAL.fullmatch(bare) and not GROUPED.fullmatch(bare))
    ):
        return _(
            "the employee number %(number)s is a decimal number; format its column as text",
            number=number,
        )
    if DATE_OR_TIME.fullmatch(number):
        return _(
            "the employee number %(number)s is a date or a time; format its column as text",
            number=number,
        )
    if not normal_number(number):
        return _("the employee number has neither a letter nor a digit")
    if normal_number(number) in NO_NUMBER:
        return _("the %(field)s is missing", field=_("employee number"))
    return None


def _tidy(text: str) -> str:
    """Compose `text` (NFKC), drop what is invisible, such as U+200B, and trim it."""
    if text.isascii():
        return text.strip()
    tidy: str = INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return tidy.strip()


def _unwrap(address: str) -> str:
    if inner := ANGLE_BRACKETS.fullmatch(address):
        address = inner[1].strip()
    if mailto := MAILTO.fullmatch(address):
        address = mailto[1].strip()
    return address.strip("'\"").rstrip(",;").strip()


def _unicode_domain(domain: str) -> str:
    domain = TRAILING_DOTS.sub("", domain).strip()
    if len(domain) > DOMAIN_LENGTH or (domain.isascii() and "xn--" not in domain.lower()):
        return domain
    try:
        return idna.decode(idna.encode(domain, uts46=True))
    except UnicodeError:  # idna.IDNAError is one
        return domain

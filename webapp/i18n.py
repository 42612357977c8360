"""Texts in the reader's language. English texts are the keys; other languages are catalogues.

A language is a file, `translations/CODE/LC_MESSAGES/messages.po`, which is read as it is: nothing
has to be compiled, and a fuzzy or missing text appears in English. The language is decided once for
each request or socket event (`speak`); `gettext`, `ngettext` and `lazy` follow that decision.

A text may have values, `%(name)s`, and doubles a per cent sign of its own. An int is written with
the separators of the language where the text has `%(name)s`, and as bare digits for `%(name)d`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import Locale
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

FOLDER = Path(__file__).resolve().parents[1] / "translations"
SOURCE = "en"
# Dates are written as in the English texts themselves: day before month, 24 hours.
LOCALES = {SOURCE: "en_GB"}
COOKIE = "townhall_language"
# Browsers send about 100 characters; anything can be sent.
HEADER_LENGTH = 500

_language: ContextVar[str] = ContextVar("language", default=SOURCE)


def gettext(text: str, /, **values: Any) -> str:
    """Return `text` in the current language, with its values."""
    return _fill(_catalogue(_language.get()).gettext(text), values)


def pgettext(context: str, text: str, /, **values: Any) -> str:
    """Return `text` in the current language, where English has one word for two: `context` says
    which is meant."""
    return _fill(str(_catalogue(_language.get()).pgettext(context, text)), values)


def ngettext(one: str, many: str, count: int, /, **values: Any) -> str:
    """Return the text for `count`, which is also the value of `%(count)s`."""
    text = _catalogue(_language.get()).ngettext(one, many, count)
    return _fill(text, {"count": count, "num": count} | values)


class Lazy:
    """A text that is translated whenever it is shown, as labels of modules and errors need it."""

    def __init__(self, text: str, /, **values: Any) -> None:
        self._text = text
        self._values = values

    @property
    def source(self) -> str:
        """Return the English text, for data that must not depend on the reader."""
        return _fill(self._text, self._values)

    def __str__(self) -> str:
        return gettext(self._text, **self._values)

    def __mod__(self, values: Mapping[str, Any]) -> str:
        """Fill in what a validator of WTForms knows, such as `max`."""
        return gettext(self._text, **values)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._text!r})"


lazy = Lazy


def current_language() -> str:
    """Return the code of the language of this request or event: `de`, `pt_BR`."""
    return _language.get()


def current_locale() -> Locale:
    """Return the locale that writes dates and numbers in the current language."""
    return _locale(_language.get())


def format_number(number: float) -> str:
    """Format a number with the separators of the current language: `50,000`."""
    return _format_number(_language.get(), number)


@lru_cache(2000)  # Babel takes 0.1 ms
def _format_number(language: str, number: float) -> str:
    return format_decimal(number, locale=_locale(language))


def speak(language: str) -> None:
    """Use `language` for what this request or green thread says from now on."""
    _language.set(language)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Use `language` inside the block."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def choose(languages: tuple[str, ...], chosen: str | None, accepted: str | None) -> str:
    """Return the language for a client: the one it chose, else one that its browser accepts, else
    the first of `languages`.

    `chosen` is the value of the cookie, `accepted` the header Accept-Language.
    """
    if chosen in languages:
        return str(chosen)
    return _accepted(languages, accepted[:HEADER_LENGTH]) if accepted else languages[0]


def available_languages() -> list[str]:
    """Return the code of English and of each language that has a catalogue."""
    return [SOURCE, *sorted(path.parts[-3] for path in FOLDER.glob("*/LC_MESSAGES/messages.po"))]


def tag_of(language: str) -> str:
    """Return the language as HTML and HTTP name it: `pt-BR`."""
    return language.replace("_", "-")


def own_name(language: str) -> str:
    """Return the name of a language in itself, as its title: `Deutsch`."""
    name = Locale.parse(language).get_display_name() or language
    return name[0].upper() + name[1:]


@lru_cache(500)
def _accepted(languages: tuple[str, ...], header: str) -> str:
    tags = {tag_of(language): language for language in languages}
    best = parse_accept_header(header, LanguageAccept).best_match(list(tags))
    return tags[best] if best else languages[0]


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(LOCALES.get(language, language))


@cache
def _catalogue(language: str) -> NullTranslations:
    """Read the catalogue of a language, once in the life of the process: 30 ms for 1,200 texts."""
    if language == SOURCE:
        return NullTranslations()
    # These take 20 ms to import, and a site in English does not need them.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with (FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


class _Number(int):
    def __str__(self) -> str:
        return format_number(int(self))


def _fill(text: str, values: Mapping[str, Any]) -> str:
    if not values:
        return text.replace("%%", "%")
    return text % {
        name: _Number(value) if type(value) is int else value for name, value in values.items()
    }

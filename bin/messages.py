#!/usr/bin/env python3
"""Update the catalogues in translations/ with the texts of templates, Python and scripts.

`bin/messages.py` updates every catalogue, `bin/messages.py fr` also begins the one of a new
language. `bin/messages.py --check` changes nothing: it names each text that a catalogue lacks, or
whose translation is fuzzy or does not fit, and returns 1 if there is any.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.frontend import parse_keywords
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import webapp.app  # noqa: E402, F401 - imports every class of errors
from webapp.errors import TownhallError  # noqa: E402
from webapp.i18n import FOLDER, SOURCE, available_languages  # noqa: E402

EXTRACTORS = {
    "webapp/**/*.py": "python",
    "realtime/**/*.py": "python",
    "templates/**/*.html": "jinja2",
    "frontend/**/*.js": "javascript",
}
OPTIONS = {"trimmed": "true", "silent": "false"}
# `%(name)s` and `{name}` with their types, and tags.
PARTS = re.compile(r"%\(\w+\)[sd]|\{\w+\}|</?\w+>")


def main(arguments: list[str]) -> int:
    """Update or check the catalogues; return 1 when a check has findings."""
    template = extract()
    if arguments == ["--check"]:
        findings = [finding for language in languages() for finding in check(language, template)]
        print(*findings, sep="\n", end="\n" if findings else "")
        return 1 if findings else 0
    for language in {*languages(), *arguments}:
        update(language, template)
    return 0


def languages() -> list[str]:
    """Return the languages that have a catalogue."""
    return [language for language in available_languages() if language != SOURCE]


def text_errors(kind: type[TownhallError] = TownhallError) -> set[str]:
    """Return the names of the errors that take a text, as `kind` and those below it do."""
    below = set().union(*map(text_errors, kind.__subclasses__()))
    return below | ({kind.__name__} if "text" in inspect.signature(kind).parameters else set())


def extract() -> Catalog:
    """Return a catalogue with every text of the product."""
    # An error takes its text as first argument, so its class marks a text as `_` does.
    marks = ["lazy", "Lazy", "t", "tn:1,2", *text_errors()]
    keywords = DEFAULT_KEYWORDS | parse_keywords(marks)
    template = Catalog()
    for pattern, method in EXTRACTORS.items():
        for path in sorted(ROOT.glob(pattern)):
            for _line, text, _comments, context in extract_from_file(
                method, path, keywords, options=OPTIONS
            ):
                template.add(text, context=context)
    return template


def file_of(language: str) -> Path:
    """Return the path of the catalogue of a language."""
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def read(language: str) -> Catalog:
    """Return the catalogue of a language, which is empty for a new one."""
    path = file_of(language)
    if not path.exists():
        return Catalog(language, project="Townhall", version="", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(language: str, template: Catalog) -> None:
    """Add new texts without a translation, and drop those that are gone."""
    catalog = read(language)
    catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
    # In place of Babel's samples.
    catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = ""
    catalog.revision_date = catalog.creation_date
    path = file_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        # Without line numbers and in alphabetical order, so that merges are calm.
        write_po(file, catalog, no_location=True, sort_output=True, ignore_obsolete=True)


def check(language: str, template: Catalog) -> Iterator[str]:
    """Yield a line for each text without a translation that can be shown."""
    catalog = read(language)
    for message in template:
        if not message.id:
            continue
        found = catalog.get(message.id, message.context)
        if reason := _defect(message, found):
            yield f"{language}: {message.id!r} {reason}"


def _defect(message: Message, found: Message | None) -> str | None:
    if found is None:
        return "is missing: run `make messages` and translate it"
    strings = _forms(found.string)
    if not all(strings):
        return "is not translated"
    if found.fuzzy:
        return "is fuzzy"
    wanted = set(PARTS.findall(_forms(message.id)[-1]))
    if any(set(PARTS.findall(text)) - wanted for text in strings):
        return "has a placeholder or tag that the text does not have"
    if wanted - set(PARTS.findall(strings[-1])):
        return "lacks a placeholder or tag"
    return None


def _forms(text: object) -> list[str]:
    """Return the forms of a text: one, or those for each count."""
    return (
        [str(form or "") for form in text] if isinstance(text, (list, tuple)) else [str(text or "")]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

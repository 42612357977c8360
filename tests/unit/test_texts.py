"""Every text that a person sees is in the catalogue: found in templates, Python and scripts."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from webapp.infra.settings import ROOT

TEMPLATES = sorted(ROOT.glob("templates/**/*.html"))
# Attributes that are read out or shown.
SPOKEN = {"alt", "aria-description", "aria-label", "label", "placeholder", "title"}
WORD = re.compile(r"[^\W\d_]{2}")
# A literal in an expression: words with a space between, or a capital letter at the beginning.
PROSE = re.compile(r"[^\W\d_]\S* [^\W\d_]|[A-Z][a-z]+")
TRANSLATES = {"_", "gettext", "ngettext"}


class _Texts(HTMLParser):
    """Collects the words that a template itself writes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect spoken attributes."""
        self.found += [value for name, value in attrs if name in SPOKEN and value]

    def handle_data(self, data: str) -> None:
        """Collect texts."""
        self.found.append(data.strip())


def untranslated(path: Path) -> Iterator[str]:
    """Yield each text of a template that is outside of `_()` and `{% trans %}`."""
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    tree = environment.parse(path.read_text())
    parser = _Texts()
    parser.feed("".join(data.data for data in tree.find_all(nodes.TemplateData)))
    yield from (text for text in parser.found if WORD.search(text))
    yield from (text for text in literals(tree) if PROSE.search(text))


def literals(node: nodes.Node) -> Iterator[str]:
    """Yield the texts in the expressions below `node`, without those that are translated."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Call) and getattr(child.node, "name", "") in TRANSLATES:
            continue
        if isinstance(child, nodes.Const) and isinstance(child.value, str):
            yield child.value
        yield from literals(child)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_has_no_text_outside_the_catalogue(path: Path) -> None:
    assert not list(untranslated(path))

"""Every text that a person sees goes to the catalogue: in templates, in Python and in scripts."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from runpy import run_path

import pytest
from jinja2 import Environment, nodes

from webapp.infra.settings import ROOT

MESSAGES = run_path(str(ROOT / "bin/messages.py"))

TEMPLATES = sorted(set(ROOT.glob("templates/**/*.html")) - set(ROOT.glob("templates/parts/*.html")))
BUILD = {"build.js", "catalogues.js", "icons.js"}
SCRIPTS = sorted(path for path in ROOT.glob("frontend/**/*.js") if path.name not in BUILD)
# Infrastructure talks to operators and programs, apart from the errors that it raises.
SOURCES = sorted(
    path
    for folder in ("webapp/domain", "webapp/http", "webapp/pages", "realtime/handlers")
    for path in ROOT.glob(f"{folder}/**/*.py")
    if not re.search(r"/models/|/pages/parts/|/seed\.py$|/column_titles\.py$", str(path))
)
# Attributes that are read out or shown.
SPOKEN = {"alt", "aria-description", "aria-label", "label", "placeholder", "title"}
ATTRIBUTE = re.compile(r'[\w-]+="[^"]*"')
WORD = re.compile(r"[^\W\d_]{2}")
# A literal in an expression: words with a space between, or a capital letter at the beginning.
PROSE = re.compile(r"[^\W\d_]\S* [^\W\d_]|[A-Z][a-z]+")
# Classes of buttons and cards, which templates pass to macros.
CLASSES = re.compile(r"(quiet|primary|secondary|danger|small|[\w-]+-[\w-]+|reaction)( .*)?")
SENTENCE = re.compile(
    r"[^\W\d_][\w’'-]* ([\w“”%(){}:,.’'-]+ )*[\w“”%(){}:,.’'-]+|[A-Z][a-z]+[.!?…]"
)
TRANSLATES = {"_", "gettext", "ngettext", "lazy", "Lazy", "pgettext"}
LOGS = {"debug", "info", "warning", "error", "exception", "critical"}
# In scripts: what translates, what developers read, and selectors.
SCRIPT_CALLS = {
    "t",
    "tn",
    "Error",
    "TypeError",
    "warn",
    "error",
    "querySelector",
    "closest",
    "matches",
}
TOKEN = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | (?<=[=(,:?]\ )/(?:\\.|[^/\n])+/ | (?<=\()/(?:\\.|[^/\n])+/
    | (?P<text>"(?:\\.|[^"\\])*" | `(?:\\.|[^`\\])*`)
    | (?P<open>\() | (?P<close>\)) | (?P<name>\w+) | \S""",
    re.VERBOSE | re.DOTALL,
)
# Literals that look like prose and are shown to nobody, or are names and data.
NOT_SHOWN = {
    "ArrowDown",
    "ArrowLeft",
    "ArrowRight",
    "ArrowUp",
    "Audit log",  # a sheet of an export
    "CSV",
    "End",
    "Enter",
    "Escape",
    "Erased person",  # stored in place of a name
    "Excel",
    "FORCE INDEX (PRIMARY)",
    "Google Meet",
    "Microsoft Stream",
    "Named answers",  # a sheet of an export
    "Home",
    "NotAllowedError",
    "OR IGNORE",
    "The METRICS_TOKEN is missing.",  # answered to a program
    "acting admin",
    "field larger",
    "held message",
    "innerHTML show:top",
    "io server disconnect",
    "kept form",
    "known browser",
    "noopener noreferrer nofollow",
    "only the total is kept",  # in exports, which are the same in every language
    "openid email profile",
    "ping timeout",
    "single sign-on",
    "the provider of single sign-on",
    "the provider vouches for no e-mail address (see OIDC_TRUST_EMAIL)",
    "too many",
    "unexpected end",
}


class _Texts(HTMLParser):
    """Collects the words that a template itself writes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect spoken attributes."""
        self.found += [value for name, value in attrs if name in SPOKEN and value]

    def handle_data(self, data: str) -> None:
        """Collect texts; a macro may write the attributes of a tag."""
        self.found.append(ATTRIBUTE.sub("", data).strip())


def in_template(path: Path) -> Iterator[str]:
    """Yield each text of a template that is outside of `_()` and `{% trans %}`."""
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    tree = environment.parse(path.read_text())
    parser = _Texts()
    for block in tree.find_all(nodes.Block):
        if block.name == "body_class":
            block.body = []
    parser.feed("".join(data.data for data in tree.find_all(nodes.TemplateData)))
    yield from (text for text in parser.found if WORD.search(text))
    prose = (text for text in literals(tree) if PROSE.search(text))
    yield from (text for text in prose if not CLASSES.fullmatch(text))


def literals(node: nodes.Node) -> Iterator[str]:
    """Yield the texts in the expressions below `node`, without those that are translated."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Call) and getattr(child.node, "name", "") in TRANSLATES:
            continue
        if isinstance(child, nodes.Const) and isinstance(child.value, str):
            yield child.value
        yield from literals(child)


def in_python(tree: ast.AST, marks: set[str]) -> Iterator[str]:
    """Yield the literals that are neither translated, by a call of `marks`, nor logged."""
    for node in ast.iter_child_nodes(tree):
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if is_docstring or isinstance(node, ast.Assert):
            continue
        if isinstance(node, ast.Call) and called(node.func) in marks:
            # An f-string cannot be looked up in a catalogue.
            yield from (ast.unparse(arg) for arg in node.args if isinstance(arg, ast.JoinedStr))
            continue
        if isinstance(node, ast.Raise) and called(getattr(node.exc, "func", None)) not in marks:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value.strip()
        yield from in_python(node, marks)


def called(function: ast.expr | None) -> str:
    return str(getattr(function, "attr", getattr(function, "id", "")))


def in_script(source: str) -> Iterator[str]:
    """Yield the literals of a script that are in no call of `SCRIPT_CALLS`."""
    calls: list[str] = []
    before = ["", ""]
    for token in TOKEN.finditer(source):
        if token["open"]:
            calls.append(before[-1])
        elif token["close"] and calls:
            calls.pop()
        elif token["text"] and "className" not in before and not SCRIPT_CALLS & set(calls):
            yield re.sub(r"\$\{[^}]*\}", "", token["text"][1:-1]).strip()
        before = [before[-1], token[0]]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_has_no_text_outside_the_catalogue(path: Path) -> None:
    assert not set(in_template(path)) - NOT_SHOWN


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_has_no_text_outside_the_catalogue(path: Path) -> None:
    found = in_python(ast.parse(path.read_text()), TRANSLATES | LOGS | MESSAGES["text_errors"]())
    shown = {text for text in found if SENTENCE.fullmatch(text) or text.startswith("f'")}
    assert not shown - NOT_SHOWN


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_script_has_no_text_outside_the_catalogue(path: Path) -> None:
    found = in_script(path.read_text())
    assert not {text for text in found if PROSE.match(text) or text.endswith("…")} - NOT_SHOWN


def test_a_text_outside_the_catalogue_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        '<p title="Hint">Read {{ "One" }}</p>{{ _("Two") }}{% trans %}Three{% endtrans %}'
    )
    assert list(in_template(page)) == ["Hint", "Read", "One"]
    module = ast.parse('raise Invalid(f"No {x}")\nadvise("Ask again.")\nadvise(_("Fine."))')
    assert list(in_python(module, {"_", "Invalid"})) == ["f'No {x}'", "Ask again."]
    script = 'line.textContent = "No one"; show(t("Fine one"), `${count} watching`);'
    assert list(in_script(script)) == ["No one", "watching"]


def test_every_text_is_translated(capsys: pytest.CaptureFixture[str]) -> None:
    complete = MESSAGES["main"](["--check"]) == 0
    assert complete, capsys.readouterr().out

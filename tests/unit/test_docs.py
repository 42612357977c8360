"""The manual agrees with the code: addresses, socket events, links, and the size of the README."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.test_layering import LAYERS
from webapp.app import create_app
from webapp.errors import TownhallError
from webapp.infra.settings import ROOT, load_settings

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
# Calls that send an event to viewers: the name of the event is one of their arguments.
SENDS = {"publish", "tell", "tell_here", "tell_one", "publish_to_employee"}
NAME = re.compile("[a-z]+(_[a-z]+)*")


def rows(heading: str) -> list[list[str]]:
    """Return the cells of every row of the table below `heading` in docs/protocol.md."""
    page = (ROOT / "docs/protocol.md").read_text()
    section = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def documented_events(direction: str) -> set[str]:
    return {row[1].strip("`") for row in rows("Socket events") if row[0] == direction}


def sent_events() -> Iterator[str]:
    for path in [*ROOT.glob("webapp/**/*.py"), *ROOT.glob("realtime/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and called(node.func) in SENDS:
                texts = (arg.value for arg in node.args if isinstance(arg, ast.Constant))
                yield from (
                    text for text in texts if isinstance(text, str) and NAME.fullmatch(text)
                )


def called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_the_manual_lists_the_events_that_clients_send() -> None:
    source = "\n".join(path.read_text() for path in ROOT.glob("realtime/handlers/*.py"))
    handled = set(re.findall(r"^    def on_(\w+)\(", source, re.MULTILINE))
    assert documented_events("→") == handled - {"connect"}


def test_the_manual_lists_the_events_that_clients_receive() -> None:
    assert documented_events("←") == set(sent_events())


def test_the_browser_listens_only_to_documented_events() -> None:
    scripts = "\n".join(path.read_text() for path in ROOT.glob("frontend/*/*.js"))
    heard = set(re.findall(r'session\.on\("(\w+)"', scripts))
    assert "messages_posted" in heard
    assert heard <= documented_events("←")


def test_the_manual_lists_every_error_code() -> None:
    kinds = [TownhallError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    codes = {row[0].strip("`") for row in rows("Socket events") if len(row) == 2}
    assert codes - {"code"} == {kind.code for kind in kinds}


def test_the_manual_lists_every_address(tmp_path: Path) -> None:
    app = create_app(load_settings({"INSTANCE_PATH": str(tmp_path)}))
    served = {
        f"{method} {re.sub('<[^>]*?:', '<', rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    documented = {
        text for row in rows("Addresses") for text in re.findall("`([A-Z]+ /.*?)`", row[0])
    }
    assert documented == served


def test_the_manual_shows_the_layers_as_tested() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    lines = re.findall(r"^\| \d+ \| (.*) \|$", page, re.MULTILINE)
    assert [re.findall("`(.*?)`", line) for line in lines] == LAYERS


def test_the_readme_has_at_most_700_words() -> None:
    assert len((ROOT / "README.md").read_text().split()) <= 700


NEEDS = ["Podman is untested", "a host name of its own", "TRUSTED_PROXIES", "Sentinel", "x86-64-v2"]


@pytest.mark.parametrize("words", NEEDS)
def test_the_readme_says_what_the_full_system_needs(words: str) -> None:
    assert words in (ROOT / "README.md").read_text().partition("## The full system")[2]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert not [link for link in links if not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_in_the_manual_exist(page: Path) -> None:
    """A path in backquotes names a file or folder of this repository."""
    named = re.findall(
        r"`((?:webapp|realtime|frontend|templates|tests|stack|bench|bin|docs)/[\w./-]*)`",
        page.read_text(),
    )
    missing = [path for path in named if not (ROOT / path).exists()]
    # The worked example of docs/development.md.
    assert not [path for path in missing if "departments" not in path]

"""Which package may import which, and how long a handler may be, read from the source.

A module imports only from its own layer or from layers below it. The table is the one of
docs/architecture.md.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*ROOT.glob("webapp/**/*.py"), *ROOT.glob("realtime/**/*.py")])

# From the top down. Layers on one line do not import each other.
LAYERS: list[list[str]] = [
    ["webapp.app", "realtime"],
    ["webapp.cli", "webapp.pages"],
    ["webapp.backup_cli"],
    ["webapp.base", "webapp.startup"],
    ["webapp.http"],
    ["webapp.domain.people", "webapp.domain.running"],
    [
        "webapp.domain.seed",
        "webapp.domain.roster",
        "webapp.domain.chat",
        "webapp.domain.questions",
        "webapp.domain.polls",
        "webapp.domain.reactions",
    ],
    ["webapp.domain.writing"],
    ["webapp.domain.attendance"],
    ["webapp.domain.admins"],
    ["webapp.domain.events", "webapp.domain.employees", "webapp.domain.passwords"],
    ["webapp.domain.audit"],
    ["webapp.domain.models"],
    ["webapp.infra"],
    ["webapp.errors"],
    ["webapp.i18n"],
]
# The socket tier renders nothing: of the HTTP layer it knows who is asking, and nothing else.
REALTIME_MAY_NOT = ["webapp.app", "webapp.pages", "webapp.cli", "webapp.http"]
REALTIME_MAY = ["webapp.http.identity"]
DOMAIN_MAY_NOT = ["flask", "flask_socketio", "flask_wtf", "werkzeug", "eventlet", "socketio"]


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def is_within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def layer_of(module: str) -> tuple[int, str] | None:
    for depth, layers in enumerate(LAYERS):
        for layer in layers:
            if is_within(module, layer):
                return depth, layer
    return None


def violations(*packages: str, forbidden: list[str], allowed: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in SOURCES
        if is_within(module_of(path), *packages)
        for module in imports_of(path)
        if is_within(module, *forbidden) and not is_within(module, *allowed)
    ]


def test_every_module_has_a_layer() -> None:
    modules = {module_of(path) for path in SOURCES if path.read_text().strip()}
    assert not sorted(module for module in modules if layer_of(module) is None)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_downwards(path: Path) -> None:
    if (own := layer_of(module_of(path))) is None:
        return
    for module in imports_of(path):
        if (other := layer_of(module)) is not None:
            assert other == own or other[0] > own[0], f"{module} is not below {own[1]}"


@pytest.mark.parametrize("page", [path.parent for path in ROOT.glob("webapp/pages/*/views.py")])
def test_pages_do_not_import_each_other(page: Path) -> None:
    name = module_of(page)
    assert not violations(name, forbidden=["webapp.pages"], allowed=(name,))


def test_the_socket_tier_imports_no_pages() -> None:
    assert not violations("realtime", forbidden=REALTIME_MAY_NOT, allowed=tuple(REALTIME_MAY))


def test_the_web_tier_imports_no_socket_tier() -> None:
    assert not violations("webapp", forbidden=["realtime", "eventlet", "engineio"])


def test_eventlet_and_engineio_stay_in_the_transport() -> None:
    fenced = ["eventlet", "engineio"]
    inside = {path for path in SOURCES if is_within(module_of(path), "realtime.transport")}
    importing = {p for p in SOURCES if any(is_within(name, *fenced) for name in imports_of(p))}
    assert importing
    assert importing <= inside


def test_the_domain_knows_neither_http_nor_sockets() -> None:
    assert not violations("webapp.domain", forbidden=DOMAIN_MAY_NOT)


def test_the_package_file_of_the_web_tier_is_empty() -> None:
    assert (ROOT / "webapp/__init__.py").read_text() == ""


def modules_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_web_tier_loads_no_eventlet() -> None:
    loaded = modules_after("import webapp.app")
    assert "webapp.domain.chat.messages" in loaded
    assert not {name for name in loaded if is_within(name, "eventlet")}


def test_a_node_patches_before_it_imports_anything_that_waits() -> None:
    loaded = modules_after("import realtime.transport.eventlet_runtime")
    assert not {"socket", "threading", "ssl", "select", "queue"} & loaded


def handlers_in(path: Path) -> Iterator[tuple[str, int]]:
    """Yield name and number of lines of each view, and of each handler of a socket event."""
    events = is_within(module_of(path), "realtime.handlers")
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.FunctionDef):
            continue
        is_view = any(ast.unparse(mark).startswith("bp.") for mark in node.decorator_list)
        if is_view or (events and node.name.startswith("on_")):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            yield node.name, node.body[-1].end_lineno - body[0].lineno + 1  # type: ignore[operator]


def test_handlers_have_at_most_twelve_lines() -> None:
    handlers = {f"{path.stem}.{name}": n for path in SOURCES for name, n in handlers_in(path)}
    assert len(handlers) > 100
    assert {name: lines for name, lines in handlers.items() if lines > 12} == {}

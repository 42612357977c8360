"""Who may import whom, read from the imports themselves."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = """
    account audit checkin demo employees events live moderation roster sso
""".split()
PYTHON = sorted([*ROOT.glob("webapp/**/*.py"), *ROOT.glob("realtime/**/*.py")])


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def violations(folder: str, *forbidden: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in sorted((ROOT / folder).glob("**/*.py"))
        for module in imports_of(path)
        if any(is_within(module, package) for package in forbidden)
    ]


def test_every_folder_of_pages_is_known_here() -> None:
    folders = [path.parent.name for path in ROOT.glob("webapp/*/views.py")]
    assert sorted(folders) == PAGES


def test_the_core_imports_neither_pages_nor_nodes_nor_eventlet() -> None:
    pages = [f"webapp.{page}" for page in PAGES]
    assert not violations("webapp/core", "webapp.app", "realtime", "eventlet", *pages)


@pytest.mark.parametrize("page", PAGES)
def test_pages_do_not_import_each_other(page: str) -> None:
    others = [f"webapp.{other}" for other in PAGES if other != page]
    assert not violations(f"webapp/{page}", "realtime", "eventlet", "webapp.app", *others)


def test_the_socket_tier_imports_only_the_core() -> None:
    foreign = [
        f"{path.name} imports {module}"
        for path in (ROOT / "realtime").glob("*.py")
        for module in imports_of(path)
        if is_within(module, "webapp") and module != "webapp" and "webapp.core" not in module
    ]
    assert not foreign


def test_eventlet_stands_in_one_place_and_its_private_parts_in_another() -> None:
    files = {
        path.relative_to(ROOT).as_posix()
        for path in PYTHON
        if any(is_within(module, "eventlet") for module in imports_of(path))
    }
    assert files == {"realtime/green.py", "realtime/engine.py"}


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
    assert "webapp.core.chat" in loaded
    assert not {name for name in loaded if is_within(name, "eventlet")}


def test_a_node_patches_before_it_imports_anything_that_waits() -> None:
    loaded = modules_after("import realtime.green")
    assert not {"socket", "threading", "ssl", "select", "queue"} & loaded

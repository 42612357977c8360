"""Every command of docs/operations.md is run by a test, or the table says where it is run."""

import ast
from collections.abc import Iterator

import pytest

from tests.support.handbook import commands
from webapp.infra.settings import ROOT

COMPOSE = "tests/compose/test_handbook.py"
COMMANDS = "tests/integration/test_commands.py"
ERASING = "tests/integration/test_erasing.py"
UNITS = "tests/unit/test_deploy.py"
# The command, the file that runs it in another form, and words of that file.
ELSEWHERE = {
    "flask --app wsgi prepare": (COMMANDS, '"prepare"'),
    "flask --app wsgi events list": (COMMANDS, '"events", "list"'),
    "DATABASE_URL=… REDIS_URL=… SECRET_KEY=… .venv/bin/flask --app wsgi events list": (
        "tests/system/test_stack.py",
        "stack.json",
    ),
    "flask --app wsgi db upgrade": ("tests/integration/test_schema.py", "upgrade()"),
    "flask --app wsgi seed": ("tests/integration/test_seed.py", "seed"),
    "flask --app wsgi admin create EMAIL": (COMPOSE, "admin create EMAIL"),
    "flask --app wsgi employees import FILE": (
        "tests/integration/test_import_command.py",
        '"import"',
    ),
    "flask --app wsgi employees export-person NUMBER": (ERASING, '"employees", "export-person"'),
    "flask --app wsgi employees erase NUMBER": (ERASING, '"employees", "erase"'),
    "flask --app wsgi backup [TARGET]": ("tests/integration/test_backups.py", '"backup"'),
    "flask --app wsgi restore FILE": ("tests/integration/test_backups.py", '"restore"'),
    "flask --app wsgi move-to DATABASE_URL": ("tests/integration/test_backups.py", '"move-to"'),
    "flask --app wsgi attendance prune": (
        "tests/integration/test_watched_minutes.py",
        '"attendance", "prune"',
    ),
    "make run": ("tests/support/embedded.py", "wsgi.py"),
    "make stack": ("tests/system/test_stack.py", '"-m", "stack"'),
    "python -m bench embedded": ("bench/__main__.py", '"embedded"'),
    "make sbom": (UNITS, "bin/sbom.py"),
    "gunicorn --config gunicorn.conf.py --bind 127.0.0.1:8000 wsgi:app": (
        "stack/app.py",
        '"gunicorn.conf.py"',
    ),
    "HOST=127.0.0.1 PORT=5000 python -m realtime": ("stack/app.py", '"-m", "realtime"'),
    "docker compose down --volumes": ("tests/compose/composed.py", '"down", "--volumes"'),
    # The service of systemd.
    "cd /opt/townhall": (UNITS, "opt/townhall"),
    "cp deploy/townhall.service deploy/townhall-backup.service deploy/townhall-backup.timer "
    "/etc/systemd/system/": (UNITS, '"systemd-analyze", "verify"'),
    "systemctl daemon-reload": (UNITS, '"systemd-analyze", "verify"'),
    "systemctl enable --now townhall townhall-backup.timer": (
        UNITS,
        '"systemd-analyze", "verify"',
    ),
    "runuser -u townhall -- env INSTANCE_PATH=/var/lib/townhall .venv/bin/flask --app wsgi move-to "
    "mysql://user:password@host/townhall": ("tests/integration/test_backups.py", '"move-to"'),
    "runuser -u townhall -- env INSTANCE_PATH=/var/lib/townhall .venv/bin/flask --app wsgi admin "
    "create EMAIL": (COMPOSE, "admin create EMAIL"),
    "make .venv/bin/.ready static/vendor/.ready": (".ci/run", "make test"),
}
# Parts of Docker, git and systemd themselves, which change nothing of Townhall; and commands that
# need a registry.
NOT_OURS = {
    "bin/image-digests",
    "df -h",
    "docker compose build --pull && docker compose pull --ignore-buildable",
    "docker compose logs --no-color",
    "docker inspect",
    "docker restart CONTAINER",
    "docker scout sbom nginx:1.29",
    "docker stats",
    "docker system prune",
    "git clone … /opt/townhall",
    "systemctl status townhall",
    "systemctl stop townhall",
    "useradd --system townhall",
}


def run_by_tests() -> Iterator[str]:
    """Yield the arguments of `documented` in all tests; a service in braces stands for several."""
    for path in ROOT.glob("tests/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name(id="documented"), args=[ast.Constant(value=str(text))]):
                    yield text
                case ast.Call(func=ast.Name(id="documented"), args=[ast.JoinedStr(values=values)]):
                    words = [v.value for v in values if isinstance(v, ast.Constant)]
                    yield from (one for one in commands() if one.startswith(str(words[0])))


def test_every_command_is_run_somewhere() -> None:
    known = set(run_by_tests()) | ELSEWHERE.keys() | NOT_OURS
    # A part of a longer one that is run.
    parts = {one for one in commands() if any(k.startswith(one + " ") for k in known)}
    assert commands() - known - parts == set()


def test_the_tables_have_no_other_commands() -> None:
    assert set(run_by_tests()) | ELSEWHERE.keys() | NOT_OURS <= commands()


@pytest.mark.parametrize("command", ELSEWHERE)
def test_the_table_tells_the_truth(command: str) -> None:
    path, words = ELSEWHERE[command]
    assert words in (ROOT / path).read_text()

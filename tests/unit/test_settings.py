"""Settings have defaults; a wrong value stops the start with one line that names it."""

import os
import re
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from realtime.embedded import welcome
from stack.system import DECIDED, passed_on
from webapp.domain.admins.roles import ROLES
from webapp.infra.settings import (
    ADMIN_ROLES,
    ROOT,
    Settings,
    SettingsError,
    load_settings,
    setting_names,
)

# Compose decides these for each container, or the image does.
DECIDED_BY_COMPOSE = {"PORT", "HOST", "INSTANCE_PATH", "DEMO"}
# The other way to give these is the one that Compose uses.
GIVEN_OTHERWISE = {"DATABASE_URL_FILE", "REDIS_URL_FILE", "METRICS_TOKEN_FILE"} | {
    "SECRET_KEY_PREVIOUS_FILE"
}


def load(tmp_path: Path, **environ: str) -> Settings:
    return load_settings({"INSTANCE_PATH": str(tmp_path)} | environ)


def documented_settings() -> list[str]:
    """Return every name in the first column of the table of settings."""
    page = (ROOT / "docs/operations.md").read_text()
    table = page.partition("\n## Settings\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([A-Z_]+)`", cell)]


def test_the_embedded_default_needs_no_setting(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.embedded
    assert settings.database_url == f"sqlite:///{tmp_path}/townhall.sqlite3"
    assert settings.site_timezone == "UTC"
    assert settings.trusted_proxies == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DATABASE_URL", "postgresql://host/name"),
        ("DATABASE_URL", "no address"),
        ("DATABASE_URL", "mysql+pymysql://user@host:99999/name"),
        ("REDIS_URL", "http://host"),
        ("REDIS_URL", "redis://host:port/0"),
        ("REDIS_URL", "redis://host/name"),
        ("REDIS_URL", "redis://host/-1"),
        ("REDIS_URL", "redis://host/0/1"),
        ("REDIS_URL", "redis://host?colour=red"),
        ("STREAM_TEST_ALLOW", "*.corp.example"),
        ("STREAM_TEST_ALLOW", "https://media.corp.example"),
        ("INSTANCE_PATH", "/proc/none"),
        ("SITE_TIMEZONE", "Middle/Earth"),
        ("SITE_TIMEZONE", "localtime"),
        ("SITE_TIMEZONE", "posix/Europe/Berlin"),
        ("SITE_TIMEZONE", "../../etc/passwd"),
        ("LANGUAGES", "en,xx"),
        ("LANGUAGES", "en,en"),
        ("LANGUAGES", ","),
        ("KEEP_MINUTES_DAYS", "0"),
        ("KEEP_MINUTES_DAYS", "forever"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "many"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "LOUD"),
        ("PORT", "70000"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY_FILE", "/no/such/file"),
        ("OIDC_ISSUER", "login.example.com"),
        ("OIDC_ISSUER", "http://login.example.com"),
        ("OIDC_ISSUER", "http://localhost.example.com"),
        ("OIDC_EMPLOYEES", "perhaps"),
        ("OIDC_CLIENT_SECRET_FILE", "/no/such/file"),
        ("OIDC_ISSUER", "https://login.microsoftonline.com/common/v2.0"),
        ("OIDC_ISSUER", "https://login.microsoftonline.com/organizations/v2.0"),
        ("OIDC_TRUST_EMAIL", "perhaps"),
        ("OIDC_ADMIN_GROUPS", "king=Town owners"),
        ("OIDC_ADMIN_GROUPS", "owner="),
        ("OIDC_ADMIN_GROUPS", "Town owners"),
        ("OIDC_GROUPS_CLAIM", "x" * 101),
        ("OIDC_CA_FILE", "/no/such/file"),
        ("OIDC_CA_FILE", "/dev/null"),
        ("HELP_CONTACT", "x" * 201),
        ("SECURITY_CONTACT", "security@example.com"),
        ("METRICS_TOKEN", "short"),
        ("SECRET_KEY_PREVIOUS", "short"),
        ("PRIVACY_NOTE_URL", "privacy.example.com"),
        ("PRIVACY_NOTE_URL", "javascript:alert(1)"),
        ("ACCENT_COLOR", "blue"),
        ("ACCENT_COLOR", "#12345"),
        ("ACCENT_COLOR", "#1234567"),
        ("ACCENT_COLOR", "1d4ed8"),
        ("SITE_LOGO", "/no/such/file"),
        ("SITE_LOGO", "/dev/null"),
    ],
)
def test_a_malformed_value_is_named_in_one_line(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, **{name: text})
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_redis_requires_a_secret_key(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SECRET_KEY is required when REDIS_URL is set"):
        load(tmp_path, REDIS_URL="redis://localhost")


def test_the_first_start_creates_a_secret_that_only_its_owner_can_read(tmp_path: Path) -> None:
    first = load_settings({"INSTANCE_PATH": str(tmp_path)}).secret_key
    second = load_settings({"INSTANCE_PATH": str(tmp_path)}).secret_key
    assert first == second
    assert len(first) >= 32
    mode = stat.S_IMODE((tmp_path / "secret_key").stat().st_mode)
    assert mode == 0o600


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SECRET_KEY", "a key from a file"),
        ("DATABASE_URL", "sqlite:///from-a-file.sqlite3"),
        ("REDIS_URL", "redis://:password@host:6379/0"),
        ("REDIS_URL", "rediss://host?ssl_cert_reqs=none"),
        ("REDIS_URL", "unix:///run/redis/redis.sock?db=1"),
    ],
)
def test_a_secret_can_come_from_a_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "secret").write_text(f"{text}\n")
    key = {"SECRET_KEY": "0123456789abcdef"} if name == "REDIS_URL" else {}
    settings = load(tmp_path, **{f"{name}_FILE": str(tmp_path / "secret")}, **key)
    assert getattr(settings, name.lower()) == text


def test_a_value_wins_over_its_file(tmp_path: Path) -> None:
    settings = load(tmp_path, SECRET_KEY="0123456789abcdef", SECRET_KEY_FILE="/no/such/file")
    assert settings.secret_key == "0123456789abcdef"


def test_only_secrets_are_read_from_files() -> None:
    files = {name for name in setting_names() if name.endswith("_FILE")}
    assert {"SECRET_KEY_FILE", "DATABASE_URL_FILE", "OIDC_CLIENT_SECRET_FILE"} <= files
    assert "SITE_NAME_FILE" not in files


SINGLE_SIGN_ON = {
    "OIDC_ISSUER": "https://login.example.com/",
    "OIDC_CLIENT_ID": "townhall",
    "OIDC_CLIENT_SECRET": "of provider and site",
}


@pytest.mark.parametrize("name", SINGLE_SIGN_ON)
def test_single_sign_on_needs_all_its_settings(tmp_path: Path, name: str) -> None:
    rest = {other: text for other, text in SINGLE_SIGN_ON.items() if other != name}
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, **rest)
    assert str(caught.value) == f"Single sign-on also needs {name}."


def test_the_client_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("kept in a file\n")
    rest = {k: v for k, v in SINGLE_SIGN_ON.items() if k != "OIDC_CLIENT_SECRET"}
    environ = {"INSTANCE_PATH": str(tmp_path), "OIDC_CLIENT_SECRET_FILE": str(tmp_path / "secret")}
    settings = load_settings(environ | rest)
    assert settings.oidc_client_secret == "kept in a file"
    assert settings.oidc_name == "single sign-on"
    assert not settings.oidc_employees
    assert "kept in a file" not in repr(settings)


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+mysqldb"])
def test_every_mysql_url_uses_pymysql(tmp_path: Path, scheme: str) -> None:
    settings = load_settings(
        {"INSTANCE_PATH": str(tmp_path), "DATABASE_URL": f"{scheme}://u:p%40ss@host/name"}
    )
    assert settings.database_url == "mysql+pymysql://u:p%40ss@host/name?charset=utf8mb4"


def test_secrets_are_not_printed(tmp_path: Path) -> None:
    url = "mysql+pymysql://user:hunter2@host/name"
    text = repr(load(tmp_path, SECRET_KEY="0123456789abcdef", DATABASE_URL=url))
    assert "0123456789abcdef" not in text
    assert "hunter2" not in text


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL"])
def test_an_error_does_not_repeat_a_secret(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, **{name: "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_a_wrong_setting_stops_the_process_without_a_traceback(tmp_path: Path) -> None:
    environ = os.environ | {"LOG_FORMAT": "xml", "INSTANCE_PATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "wsgi.py"], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.strip() == "townhall: LOG_FORMAT: must be 'text' or 'json', not 'xml'."


def test_a_taken_port_stops_the_process_before_it_creates_data(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        environ = os.environ | {"PORT": port, "INSTANCE_PATH": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "wsgi.py"], cwd=ROOT, env=environ, capture_output=True, text=True
        )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"townhall: cannot serve 127.0.0.1:{port}: ")
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.glob("*.sqlite3"))


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "localhost:8000"),
        ("0.0.0.0", "localhost:8000"),
        ("[::]", "localhost:8000"),
        ("192.0.2.7", "192.0.2.7:8000"),
        ("2001:db8::7", "[2001:db8::7]:8000"),
    ],
)
def test_the_greeting_names_an_address_that_answers(tmp_path: Path, host: str, shown: str) -> None:
    first = welcome(load(tmp_path, HOST=host), 8000).splitlines()[0]
    assert first == f"Townhall is at http://{shown}"


def test_the_manual_lists_every_setting() -> None:
    assert sorted(documented_settings()) == sorted(setting_names())


def test_compose_passes_every_setting_on() -> None:
    lines = (ROOT / "compose.yaml").read_text().partition("&settings\n")[2].splitlines()
    passed = {name for line in lines for name in re.findall("^    ([A-Z_]+):", line)}
    left_out = set(setting_names()) - passed
    assert left_out == DECIDED_BY_COMPOSE | GIVEN_OTHERWISE


def test_the_local_stack_passes_every_setting_on() -> None:
    given = {name.removesuffix("_FILE") for name in set(setting_names()) - set(passed_on())}
    assert given == set(DECIDED)


def test_groups_may_have_any_name(tmp_path: Path) -> None:
    settings = load(tmp_path, OIDC_ADMIN_GROUPS="owner=A, B ;moderator=cn=press,ou=x; ")
    assert settings.admin_groups == [("owner", "A, B"), ("moderator", "cn=press,ou=x")]


def test_groups_give_the_roles_that_there_are() -> None:
    assert tuple(ROLES) == ADMIN_ROLES

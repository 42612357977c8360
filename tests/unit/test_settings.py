"""Settings: what is unset has a default, what is wrong stops the start with one line."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from webapp.infra.settings import ROOT, SettingsError, load_settings


def load(tmp_path: Path, **environ: str) -> object:
    return load_settings({"INSTANCE_PATH": str(tmp_path)} | environ)


def test_nothing_set_is_the_embedded_default(tmp_path: Path) -> None:
    settings = load_settings({"INSTANCE_PATH": str(tmp_path)})
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
        ("INSTANCE_PATH", "/proc/none"),
        ("SITE_TIMEZONE", "Middle/Earth"),
        ("SITE_TIMEZONE", "../../etc/passwd"),
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
    ],
)
def test_a_malformed_value_is_named_in_one_line(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, **{name: text})
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_several_processes_must_be_given_a_secret_key(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SECRET_KEY"):
        load(tmp_path, REDIS_URL="redis://localhost")


def test_the_first_start_makes_a_secret_that_only_its_owner_reads(tmp_path: Path) -> None:
    first = load_settings({"INSTANCE_PATH": str(tmp_path)}).secret_key
    second = load_settings({"INSTANCE_PATH": str(tmp_path)}).secret_key
    assert first == second
    assert len(first) >= 32
    mode = stat.S_IMODE((tmp_path / "secret_key").stat().st_mode)
    assert mode == 0o600


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("kept in a file, with a line end\n")
    settings = load_settings(
        {"REDIS_URL": "redis://localhost", "SECRET_KEY_FILE": str(tmp_path / "key")}
    )
    assert settings.secret_key == "kept in a file, with a line end"


SINGLE_SIGN_ON = {
    "OIDC_ISSUER": "https://login.example.com/",
    "OIDC_CLIENT_ID": "townhall",
    "OIDC_CLIENT_SECRET": "of provider and site",
}


@pytest.mark.parametrize("name", SINGLE_SIGN_ON)
def test_single_sign_on_is_set_wholly_or_not_at_all(tmp_path: Path, name: str) -> None:
    rest = {other: text for other, text in SINGLE_SIGN_ON.items() if other != name}
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, **rest)
    assert str(caught.value) == f"Single sign-on is set in part only, without {name}."


def test_the_secret_of_single_sign_on_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("kept in a file\n")
    rest = {k: v for k, v in SINGLE_SIGN_ON.items() if k != "OIDC_CLIENT_SECRET"}
    environ = {"INSTANCE_PATH": str(tmp_path), "OIDC_CLIENT_SECRET_FILE": str(tmp_path / "secret")}
    settings = load_settings(environ | rest)
    assert settings.oidc_client_secret == "kept in a file"
    assert settings.oidc_name == "single sign-on"
    assert not settings.oidc_employees
    assert "kept in a file" not in repr(settings)


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+mysqldb"])
def test_every_mysql_address_goes_through_pymysql(tmp_path: Path, scheme: str) -> None:
    settings = load_settings(
        {"INSTANCE_PATH": str(tmp_path), "DATABASE_URL": f"{scheme}://u:p%40ss@host/name"}
    )
    assert settings.database_url == "mysql+pymysql://u:p%40ss@host/name?charset=utf8mb4"


def test_the_secret_is_not_shown_where_settings_are_printed(tmp_path: Path) -> None:
    assert "0123456789abcdef" not in repr(load(tmp_path, SECRET_KEY="0123456789abcdef"))


def test_a_wrong_setting_stops_the_process_without_a_trace(tmp_path: Path) -> None:
    environ = os.environ | {"LOG_FORMAT": "xml", "INSTANCE_PATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "wsgi.py"], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.strip() == "townhall: LOG_FORMAT: Must be one of: text, json."

"""The settings of a process, read once from the environment; the README's table describes them."""

import os
import re
import secrets
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from redis.connection import parse_url
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parents[2]
# PyMySQL is the one MySQL driver we test with, and it speaks to MariaDB as well.
DRIVERS = {"mysql": "mysql+pymysql", "mariadb": "mysql+pymysql", "sqlite": "sqlite"}
PORTS = range(1, 65536)


class SettingsError(Exception):
    """A setting is missing or malformed. `str()` is one line that names it."""


@dataclass(frozen=True)
class Settings:
    """What the environment says, checked. `redis_url` is empty in the embedded default."""

    database_url: str
    redis_url: str
    secret_key: str = field(repr=False)
    site_name: str
    site_timezone: str
    trusted_proxies: int
    secure_cookies: bool
    log_format: str
    log_level: str
    host: str
    port: int
    max_connections: int
    fanout: str
    demo: bool
    keep_minutes_days: int
    oidc_issuer: str
    oidc_client_id: str
    oidc_client_secret: str = field(repr=False)
    oidc_name: str
    oidc_employees: bool
    instance_path: Path

    @property
    def embedded(self) -> bool:
        """One process serves everything: nothing outside it has to be told."""
        return not self.redis_url


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings in `environ`; an empty value counts as unset.

    Raises `SettingsError` naming every setting that is wrong.
    """
    try:
        values = _Environment().load({name: text for name, text in environ.items() if text})
    except ValidationError as error:
        raise SettingsError(_one_line(error)) from None
    instance = values["instance_path"] = Path(values["instance_path"])
    values["database_url"] = _database_url(values["database_url"], instance)
    key_file = values.pop("secret_key_file")
    values["secret_key"] = values["secret_key"] or _kept_secret(key_file, values, instance)
    _check_single_sign_on(values)
    return Settings(**values)


def load_or_exit() -> Settings:
    """The settings of this process, or its end with one line that says what is wrong."""
    try:
        return load_settings()
    except SettingsError as error:
        sys.exit(f"townhall: {error}")


def _is_database_url(text: str) -> None:
    try:
        url = make_url(text or "sqlite://")
        known = url.get_backend_name() in DRIVERS and (url.port or 1) in PORTS
    except (ArgumentError, ValueError):
        known = False
    if not known:
        raise ValidationError("must look like mysql+pymysql://user:password@host/name.")


def _is_redis_url(text: str) -> None:
    try:
        if text:
            parse_url(text)  # type: ignore[no-untyped-call]
    except ValueError:
        raise ValidationError("must look like redis://host:6379/0.") from None


def _is_timezone(text: str) -> None:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValidationError("must be an IANA name such as Europe/Berlin.") from None


def _is_issuer(text: str) -> None:
    # What comes over plain http can be forged, unless it never leaves the machine.
    if text and not re.fullmatch(r"https://\S+|http://(127\.0\.0\.1|localhost)([:/]\S*)?", text):
        raise ValidationError("must look like https://login.example.com.")


class _Environment(Schema):
    class Meta:
        unknown = EXCLUDE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        field_obj.data_key = field_name.upper()

    database_url = fields.String(load_default="", validate=_is_database_url)
    redis_url = fields.String(load_default="", validate=_is_redis_url)
    secret_key = fields.String(load_default="", validate=validate.Length(min=16))
    secret_key_file = fields.String(load_default="")
    site_name = fields.String(load_default="Townhall")
    site_timezone = fields.String(load_default="UTC", validate=_is_timezone)
    trusted_proxies = fields.Integer(load_default=0, validate=validate.Range(0, 10))
    secure_cookies = fields.Boolean(load_default=False)
    log_format = fields.String(load_default="text", validate=validate.OneOf(["text", "json"]))
    log_level = fields.String(
        load_default="INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])
    )
    host = fields.String(load_default="127.0.0.1")
    port = fields.Integer(load_default=0, validate=validate.Range(1, 65535))
    max_connections = fields.Integer(load_default=10_000, validate=validate.Range(min=1))
    fanout = fields.String(load_default="direct", validate=validate.OneOf(["direct", "stock"]))
    demo = fields.Boolean(load_default=True)
    keep_minutes_days = fields.Integer(load_default=90, validate=validate.Range(1, 36500))
    oidc_issuer = fields.String(load_default="", validate=_is_issuer)
    oidc_client_id = fields.String(load_default="")
    oidc_client_secret = fields.String(load_default="")
    oidc_client_secret_file = fields.String(load_default="")
    oidc_name = fields.String(load_default="single sign-on")
    oidc_employees = fields.Boolean(load_default=False)
    instance_path = fields.String(load_default=str(ROOT / "instance"))


def _one_line(error: ValidationError) -> str:
    texts: dict[str, list[str]] = error.messages_dict
    return " ".join(f"{name}: {' '.join(texts[name])}" for name in sorted(texts))


def _database_url(text: str, instance: Path) -> str:
    if not text:
        return f"sqlite:///{_instance_file(instance, 'townhall.sqlite3')}"
    url = make_url(text)
    url = url.set(drivername=DRIVERS[url.get_backend_name()])
    if url.get_backend_name() == "mysql":
        url = url.update_query_dict({"charset": "utf8mb4"})
    return url.render_as_string(hide_password=False)


def _kept_secret(key_file: str, values: Mapping[str, object], instance: Path) -> str:
    if key_file:
        return _read_secret("SECRET_KEY_FILE", Path(key_file))
    if values["redis_url"]:
        raise SettingsError(
            "SECRET_KEY: several processes share cookies, so they must be given one."
        )
    path = _instance_file(instance, "secret_key")
    with suppress(FileExistsError):
        # Created in one step, so that two first starts cannot each keep their own.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return _read_secret("SECRET_KEY_FILE", path)


def _instance_file(instance: Path, name: str) -> Path:
    try:
        instance.mkdir(parents=True, exist_ok=True)
        writable = os.access(instance, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        raise SettingsError(f"INSTANCE_PATH: {instance}: there nothing can be written.")
    return instance / name


def _check_single_sign_on(values: dict[str, Any]) -> None:
    file = values.pop("oidc_client_secret_file")
    if file and not values["oidc_client_secret"]:
        values["oidc_client_secret"] = _read_secret("OIDC_CLIENT_SECRET_FILE", Path(file))
    together = ("oidc_issuer", "oidc_client_id", "oidc_client_secret")
    missing = [name.upper() for name in together if not values[name]]
    if missing and len(missing) < len(together):
        raise SettingsError(f"Single sign-on is set in part only, without {', '.join(missing)}.")


def _read_secret(name: str, path: Path) -> str:
    try:
        secret = path.read_text().strip()
    except OSError as error:
        raise SettingsError(f"{name}: {path}: {error.strerror}.") from None
    if not secret:
        raise SettingsError(f"{name}: {path} is empty.")
    return secret

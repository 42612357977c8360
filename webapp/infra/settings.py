"""The settings of a process, read once from the environment; docs/operations.md describes each.

A field of `Settings` is the whole declaration: `site_name` is read from SITE_NAME.
"""

import os
import re
import secrets
import ssl
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import Field as DataclassField
from dataclasses import fields, replace
from pathlib import Path
from reprlib import repr as shorten
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError
from pydantic.dataclasses import dataclass
from redis import ConnectionPool

from webapp.i18n import available_languages
from webapp.infra.colors import is_color
from webapp.infra.database_url import complete_database_url
from webapp.infra.images import media_type
from webapp.infra.outbound import Allowed
from webapp.infra.timezones import timezone_names

ROOT = Path(__file__).resolve().parents[2]
# Every visitor loads the logo.
LOGO_BYTES = 200 * 1024
# As webapp/domain/admins/roles.py describes them; a test compares the two.
ADMIN_ROLES = ("owner", "organizer", "moderator", "reporter")


class SettingsError(Exception):
    """A setting is missing or malformed. `str()` is one line that names it."""


def _complete_database_url(text: str) -> str:
    return text and complete_database_url(text)


def _check_redis_url(text: str) -> str:
    form = "must look like redis://host:6379/0"
    try:
        if text:
            ConnectionPool.from_url(text).make_connection()
    except TypeError:
        raise ValueError(f"has an option that Redis clients do not know; it {form}") from None
    except ValueError:
        raise ValueError(form) from None
    # redis-py takes the database 0 in place of a name or of a number below 0.
    if not text.startswith("unix:") and not re.fullmatch(r"(/[0-9]*)?", urlsplit(text).path):
        raise ValueError(form)
    return text


def _check_hosts_and_networks(text: str) -> str:
    try:
        Allowed.parse(text)
    except ValueError:
        raise ValueError(
            "must list hosts and networks such as media.corp.example 10.1.0.0/16"
        ) from None
    return text


def _check_timezone(text: str) -> str:
    if text not in timezone_names():
        raise ValueError("must be an IANA time zone such as Europe/Berlin")
    return text


def _check_languages(text: str) -> str:
    available = available_languages()
    if not set(codes := _codes(text)) <= set(available) or len(set(codes)) < len(codes):
        raise ValueError(f"must list some of these, the default first: {','.join(available)}")
    return text


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code.strip() for code in text.split(","))


def _check_issuer(text: str) -> str:
    # Answers over plain http can be forged, unless they never leave the machine.
    if text and not re.fullmatch(
        r"https://[^\s/]+\S*|http://(127\.0\.0\.1|localhost)([:/]\S*)?", text
    ):
        raise ValueError("must look like https://login.example.com")
    # These accept the accounts of every company, with whatever e-mail address that one gives them.
    if re.match(r"https://login\.microsoftonline\.com/(common|organizations|consumers)\b", text):
        raise ValueError("must name your tenant: https://login.microsoftonline.com/TENANT-ID/v2.0")
    return text


def _check_groups(text: str) -> str:
    for role, group in _pairs(text):
        if role not in ADMIN_ROLES or not group:
            raise ValueError(
                "must look like owner=Group A; moderator=Group B, with the roles "
                + ", ".join(ADMIN_ROLES)
            )
    return text


def _pairs(text: str) -> list[tuple[str, str]]:
    """Return the roles and groups of a text; the name of a group may contain `=` and commas."""
    parts = [part.partition("=") for part in text.split(";") if part.strip()]
    return [(role.strip(), group.strip()) for role, _, group in parts]


def _check_ca_file(path: Path | None) -> Path | None:
    try:
        if path:
            ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        raise ValueError("must name a file with certificates in PEM format") from None
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None
    return path


def _check_logo(path: Path | None) -> Path | None:
    if path is None:
        return None
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None
    try:
        media_type(content)
    except ValueError:
        raise ValueError("must name a PNG, JPEG, WebP or SVG file") from None
    if len(content) > LOGO_BYTES:
        raise ValueError(f"must name a file of at most {LOGO_BYTES // 1024} KiB")
    return path


def _check_color(text: str) -> str:
    if text and not is_color(text):
        raise ValueError("must look like #1d4ed8")
    return text


def _check_contact(text: str) -> str:
    if text and not re.fullmatch(r"(mailto:|https://|tel:)[^\s]+", text):
        raise ValueError("must look like mailto:security@example.com")
    return text


def _check_token(text: str) -> str:
    if text and len(text) < 16:
        raise ValueError("must have at least 16 characters")
    return text


def _check_web_address(text: str) -> str:
    if text and not re.fullmatch(r"https?://[^\s/]+\S*", text):
        raise ValueError("must look like https://intranet.example.com/privacy")
    return text


@dataclass(frozen=True)
class Settings:
    """The checked settings. `redis_url` is empty in the embedded default.

    A field with `repr=False` holds a secret: it is not printed, and NAME_FILE may name a file to
    read it from instead.
    """

    database_url: Annotated[str, AfterValidator(_complete_database_url)] = Field(
        default="", repr=False
    )
    redis_url: Annotated[str, AfterValidator(_check_redis_url)] = Field(default="", repr=False)
    secret_key: str = Field(default="", repr=False, min_length=16)
    # Accepted, not used to sign: so that a new key signs nobody out.
    secret_key_previous: Annotated[str, AfterValidator(_check_token)] = Field(
        default="", repr=False
    )
    site_name: str = "Townhall"
    languages: Annotated[str, AfterValidator(_check_languages)] = "en,de"
    site_timezone: Annotated[str, AfterValidator(_check_timezone)] = "UTC"
    stream_test_allow: Annotated[str, AfterValidator(_check_hosts_and_networks)] = ""
    keep_minutes_days: int = Field(default=90, ge=1, le=36_500)
    trusted_proxies: int = Field(default=0, ge=0, le=10)
    secure_cookies: bool = False
    metrics_token: Annotated[str, AfterValidator(_check_token)] = Field(default="", repr=False)
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    # [::] means ::, as in an address bar.
    host: Annotated[str, AfterValidator(lambda text: text.strip("[]"))] = "127.0.0.1"
    port: int | None = Field(default=None, ge=1, le=65_535)
    max_connections: int = Field(default=10_000, ge=1)
    fanout: Literal["direct", "stock"] = "direct"
    demo: bool = True
    instance_path: Path = ROOT / "instance"
    oidc_issuer: Annotated[str, AfterValidator(_check_issuer)] = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = Field(default="", repr=False)
    oidc_name: str = "single sign-on"
    oidc_employees: bool = False
    oidc_trust_email: bool = False
    oidc_admin_groups: Annotated[str, AfterValidator(_check_groups)] = ""
    oidc_groups_claim: str = Field(default="groups", max_length=100)
    oidc_ca_file: Annotated[Path | None, AfterValidator(_check_ca_file)] = None
    security_contact: Annotated[str, AfterValidator(_check_contact)] = ""
    help_contact: str = Field(default="", max_length=200)
    privacy_note_url: Annotated[str, AfterValidator(_check_web_address)] = ""
    site_logo: Annotated[Path | None, AfterValidator(_check_logo)] = None
    accent_color: Annotated[str, AfterValidator(_check_color)] = ""

    @property
    def language_codes(self) -> tuple[str, ...]:
        """Return the languages that readers can choose from, the default first."""
        return _codes(self.languages)

    @property
    def admin_groups(self) -> list[tuple[str, str]]:
        """Return pairs of a role and a group of the provider that gives it."""
        return _pairs(self.oidc_admin_groups)

    @property
    def embedded(self) -> bool:
        """Return whether one process serves everything and has no other process to inform."""
        return not self.redis_url


def setting_names() -> list[str]:
    """Return the environment variable of every setting, in the order of `Settings`."""
    return [name for field in fields(Settings) for name in _names(field)]


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings in `environ`; an empty value counts as unset.

    Raises `SettingsError` naming every setting that is wrong.
    """
    given = dict(_given(environ))
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise SettingsError(" ".join(_sentences(error))) from None
    _check_single_sign_on(settings)
    return replace(
        settings,
        database_url=settings.database_url or _own_database(settings),
        secret_key=settings.secret_key or _own_secret(settings),
    )


def load_or_exit() -> Settings:
    """Return the settings of this process, or end it with one line that says what is wrong."""
    try:
        return load_settings()
    except SettingsError as error:
        sys.exit(f"townhall: {error}")


def _names(field: DataclassField[Any]) -> list[str]:
    name = field.name.upper()
    return [name] if field.repr else [name, f"{name}_FILE"]


def _given(environ: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Yield each field that `environ` sets; the value itself wins over its file."""
    for field in fields(Settings):
        for name in _names(field):
            if text := environ.get(name):
                is_file = name != field.name.upper()
                yield field.name, _read_secret(name, Path(text)) if is_file else text
                break


def _sentences(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_url=False):
        name = str(problem["loc"][0])
        message = problem["msg"].removeprefix("Value error, ").partition(", unable to")[0]
        message = re.sub("^(Input|String) should", "must", message)
        secret = name in {field.name for field in fields(Settings) if not field.repr}
        yield (
            f"{name.upper()}: {message}."
            if secret
            else (f"{name.upper()}: {message}, not {shorten(problem['input'])}.")
        )


def _check_single_sign_on(settings: Settings) -> None:
    together = ("oidc_issuer", "oidc_client_id", "oidc_client_secret")
    missing = [name.upper() for name in together if not getattr(settings, name)]
    if missing and len(missing) < len(together):
        raise SettingsError(f"Single sign-on also needs {', '.join(missing)}.")


def _own_database(settings: Settings) -> str:
    return f"sqlite:///{_instance_file(settings, 'townhall.sqlite3')}"


def _own_secret(settings: Settings) -> str:
    if settings.redis_url:
        raise SettingsError(
            "SECRET_KEY is required when REDIS_URL is set: all processes must share it."
        )
    path = _instance_file(settings, "secret_key")
    with suppress(FileExistsError):
        # Created in one step, so that two first starts cannot each keep their own.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return _read_secret("INSTANCE_PATH", path)


def _instance_file(settings: Settings, name: str) -> Path:
    instance = settings.instance_path
    try:
        instance.mkdir(parents=True, exist_ok=True)
        writable = os.access(instance, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        raise SettingsError(f"INSTANCE_PATH: {instance} is not writable.")
    return instance / name


def _read_secret(name: str, path: Path) -> str:
    try:
        secret = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise SettingsError(f"{name}: {path}: {reason}.") from None
    if not secret:
        raise SettingsError(f"{name}: {path} is empty.")
    return secret

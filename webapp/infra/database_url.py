"""Read DATABASE_URL, in the spellings in which hosted databases and other drivers give it.

TLS has many names: `ssl-mode=REQUIRED` (the mysql client), `ssl=true`, `sslaccept=strict`,
`ssl_verify_identity=true` (PyMySQL), `ssl_check_hostname=false` (SQLAlchemy). All become
`ssl_mode`, with the meaning that the mysql client gives it, and the paths of the certificates.
"""

import json
import ssl
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

# PyMySQL is the one MySQL driver we test with, and it speaks to MariaDB as well.
DRIVERS = {"mysql": "mysql+pymysql", "mariadb": "mysql+pymysql", "sqlite": "sqlite"}
PORTS = range(1, 65536)
FORM = "must look like mysql+pymysql://user:password@host/name"

# From the weakest to the strictest; where a URL names several, the strictest counts.
MODES = ("DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")
MODE_SPELLINGS = {
    "false": "DISABLED",
    "0": "DISABLED",
    "no": "DISABLED",
    "off": "DISABLED",
    "disable": "DISABLED",
    "allow": "PREFERRED",
    "prefer": "PREFERRED",
    "true": "REQUIRED",
    "1": "REQUIRED",
    "yes": "REQUIRED",
    "on": "REQUIRED",
    "require": "REQUIRED",
    "skip_verify": "REQUIRED",
    "accept_invalid_certs": "REQUIRED",
    "strict": "VERIFY_IDENTITY",
    "verify_full": "VERIFY_IDENTITY",
} | {mode.lower(): mode for mode in MODES}
MODE_NAMES = {"ssl_mode", "sslmode", "ssl", "usessl", "use_ssl", "requiressl", "tls", "sslaccept"}
FILES = ("ssl_ca", "ssl_capath", "ssl_cert", "ssl_key")
FILE_SPELLINGS = {"sslca": "ssl_ca", "sslrootcert": "ssl_ca", "sslcert": "ssl_cert"} | {
    "sslkey": "ssl_key"
}
# The mode that an option means when it is true, and when it is false.
FLAGS = {
    "ssl_disabled": ("DISABLED", None),
    "ssl_verify_cert": ("VERIFY_CA", "REQUIRED"),
    "ssl_verify_identity": ("VERIFY_IDENTITY", None),
    "ssl_check_hostname": ("VERIFY_IDENTITY", "REQUIRED"),
}
PASSED_ON = {"read_default_file", "read_default_group", "unix_socket", "ssl_key_password"}
# We set these ourselves.
SET_HERE = {"charset", "use_unicode", "connect_timeout", "read_timeout", "write_timeout"}


def complete_database_url(text: str) -> str:
    """Return the URL with our driver, our character set and our names of its options.

    Raises `ValueError` with one line that does not show the URL.
    """
    try:
        url = make_url(text)
        backend = url.get_backend_name()
        known = backend in DRIVERS and (url.port or 1) in PORTS
    except (ArgumentError, ValueError):
        known = False
    if not known:
        raise ValueError(FORM)
    url = url.set(drivername=DRIVERS[backend])
    if backend != "sqlite":
        if not url.database and "read_default_file" not in url.query:
            raise ValueError(f"names no database; it {FORM}")
        url = url.set(query={"charset": "utf8mb4"} | dict(_read_options(url)))
        connect_options(url)
    return url.render_as_string(hide_password=False)


def connect_options(url: URL) -> dict[str, Any]:
    """Return the TLS options of a completed URL as arguments of PyMySQL's `connect`.

    Raises `ValueError` when a file with a certificate cannot be used.
    """
    mode = url.query.get("ssl_mode", "PREFERRED")
    if mode == "DISABLED":
        return {"ssl_disabled": True}
    return {} if mode == "PREFERRED" else {"ssl": _tls_context(url, str(mode))}


def without_tls_options(url: URL) -> URL:
    """Return the URL without the options that `connect_options` reads."""
    return url.difference_update_query(["ssl_mode", *FILES, "ssl_key_password"])


def _read_options(url: URL) -> Iterator[tuple[str, str]]:
    """Yield the options in our names. Raises `ValueError` at one that we do not know."""
    modes, files, flags = [], {}, {}
    for spelling, texts in url.normalized_query.items():
        name, text = spelling.lower().replace("-", "_"), texts[-1]
        name = FILE_SPELLINGS.get(name, name)
        if name in MODE_NAMES:
            modes.append(_read_mode(spelling, text))
        elif name in FLAGS:
            flags[name] = _is_true(spelling, text)
        elif name in FILES:
            files[name] = text
        elif name in PASSED_ON:
            yield name, text
        elif name not in SET_HERE:
            raise ValueError(f"has an option that Townhall does not know: {spelling}")
    modes += [mode for name, true in flags.items() if (mode := FLAGS[name][not true])]
    if "ssl_ca" in files or "ssl_capath" in files:
        modes.append(_mode_with_authority(modes, flags))
    elif files:
        modes.append("REQUIRED")
    if modes:
        mode = max(modes, key=MODES.index)
        yield "ssl_mode", mode
        # Unless something is verified, the authority has no part in it.
        verified = mode.startswith("VERIFY")
        yield from ((name, path) for name, path in files.items() if verified or "ca" not in name)


def _mode_with_authority(modes: list[str], flags: dict[str, bool]) -> str:
    """Return the mode that an authority's certificate implies.

    As the mysql client, which verifies the certificate even if only REQUIRED is asked for; where
    no mode is named, as SQLAlchemy, which compares the host as well.
    """
    if flags.get("ssl_verify_cert") is False:
        return "REQUIRED"
    return "VERIFY_CA" if modes else "VERIFY_IDENTITY"


def _read_mode(name: str, text: str) -> str:
    with suppress(json.JSONDecodeError):
        options = json.loads(text)
        if isinstance(options, dict):
            strict = options.get("rejectUnauthorized", True)
            return "VERIFY_IDENTITY" if strict else "REQUIRED"
    mode = MODE_SPELLINGS.get(text.lower().replace("-", "_"))
    if mode is None:
        raise ValueError(
            f"has an option with an unknown value: {name} is one of {', '.join(MODES)}"
        )
    return mode


def _is_true(name: str, text: str) -> bool:
    mode = MODE_SPELLINGS.get(text.lower())
    if mode not in ("REQUIRED", "DISABLED"):
        raise ValueError(f"has an option with an unknown value: {name} is true or false")
    return mode == "REQUIRED"


def _tls_context(url: URL, mode: str) -> ssl.SSLContext:
    files = {name: str(url.query[name]) for name in FILES if name in url.query}
    step = "ssl_ca"
    try:
        context = ssl.create_default_context(
            cafile=files.get("ssl_ca"), capath=files.get("ssl_capath")
        )
        step = "ssl_cert"
        if "ssl_cert" in files:
            password = url.query.get("ssl_key_password")
            context.load_cert_chain(
                files["ssl_cert"], files.get("ssl_key"), str(password) if password else ""
            )
    except ssl.SSLError:
        raise ValueError(f"has an option {step} that does not name a PEM file") from None
    except OSError as error:
        reason = error.strerror
        raise ValueError(f"has an option {step} that cannot be read ({reason})") from None
    # The certificates that MySQL makes for itself lack what Python's strict mode asks for.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.check_hostname = mode == "VERIFY_IDENTITY"
    if mode == "REQUIRED":
        context.verify_mode = ssl.CERT_NONE
    return context

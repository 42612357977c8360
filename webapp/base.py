"""The Flask application that the web tier and the realtime tier start from."""

import os
from datetime import timedelta
from typing import Any

from flask import Flask

from webapp.domain import models  # noqa: F401 - declares the tables
from webapp.http.health import bp as health
from webapp.http.identity import SessionCookie
from webapp.http.request_parsing import register_request_parsing
from webapp.infra.allowance import init_reads
from webapp.infra.cache import init_cache
from webapp.infra.counters import init_counters
from webapp.infra.database import init_database
from webapp.infra.extensions import db, migrate
from webapp.infra.logs import configure_logging
from webapp.infra.redis_client import init_redis
from webapp.infra.settings import ROOT, Settings

MAX_REQUEST_BYTES = 1024 * 1024
# For glibc: as long as a connection may take. By default a silent DNS server takes 10 s.
RES_OPTIONS = "timeout:1 attempts:3"


def create_base(name: str, settings: Settings) -> Flask:
    """Create an application with settings, database, cache and health addresses."""
    configure_logging(settings.log_format, settings.log_level)
    os.environ.setdefault("RES_OPTIONS", RES_OPTIONS)
    app = Flask(
        name,
        root_path=str(ROOT),
        instance_path=str(settings.instance_path.resolve()),
    )
    app.config.update(_config_of(settings))
    app.session_interface = SessionCookie()
    register_request_parsing(app)
    init_database(app, settings)
    init_redis(app, settings)
    init_cache(app, settings)
    init_reads(app)
    init_counters(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    app.extensions["readiness_probes"] = {}
    app.register_blueprint(health)
    return app


def _config_of(settings: Settings) -> dict[str, Any]:
    """Return the configuration of Flask: settings that pages and extensions read."""
    return {
        "DEMO": settings.demo,
        "EMBEDDED": settings.embedded,
        "LANGUAGES": settings.language_codes,
        "KEEP_MINUTES_DAYS": settings.keep_minutes_days,
        "HELP_CONTACT": settings.help_contact,
        "PRIVACY_NOTE_URL": settings.privacy_note_url,
        "SITE_NAME": settings.site_name,
        "SITE_TIMEZONE": settings.site_timezone,
        "STREAM_TEST_ALLOW": settings.stream_test_allow,
        "METRICS_TOKEN": settings.metrics_token,
        "SECURITY_CONTACT": settings.security_contact,
        "SECRET_KEY": settings.secret_key,
        "SECRET_KEY_FALLBACKS": [settings.secret_key_previous] * bool(settings.secret_key_previous),
        # The last one signs.
        "WTF_CSRF_SECRET_KEY": [*filter(None, [settings.secret_key_previous]), settings.secret_key],
        "SESSION_COOKIE_NAME": "townhall",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.secure_cookies,
        "PERMANENT_SESSION_LIFETIME": timedelta(days=7),
        # Send the cookie only when it changed, so that a poll cannot overwrite a newer one.
        "SESSION_REFRESH_EACH_REQUEST": False,
        "MAX_CONTENT_LENGTH": MAX_REQUEST_BYTES,
        # A token is valid as long as its session cookie. A limit of its own would compare the
        # clocks of two machines.
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
    }

"""Make the cookies of checked-in viewers without thousands of check-ins."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import redis
from flask import current_app
from flask.sessions import SecureCookieSessionInterface

from webapp.domain.attendance.checkin import Viewer
from webapp.infra.clock import isoformat

CACHED_SECONDS = 3600


def townhall_cookies(viewers: Sequence[Viewer]) -> list[str]:
    """Return cookies like those of `identity.remember_viewer`. Needs an application context."""
    signer = SecureCookieSessionInterface().get_signing_serializer(current_app)
    name = current_app.config["SESSION_COOKIE_NAME"]
    assert signer, "an application without a secret key"
    return [f"{name}={signer.dumps(_session(viewer))!s}" for viewer in viewers]


def comparison_cookies(viewers: Sequence[Viewer], key: str, redis_url: str) -> list[str]:
    """Return cookies signed like cookie-session does for bench/node/, and warm its cache."""
    _warm(viewers, redis_url)
    return [_signed(json.dumps(_session(viewer)), key) for viewer in viewers]


def _session(viewer: Viewer) -> dict[str, Any]:
    return {"viewer": [viewer.employee.id, viewer.employee.session_version]}


def _signed(text: str, key: str) -> str:
    cookie = f"comparison={base64.b64encode(text.encode()).decode()}"
    mac = hmac.digest(key.encode(), cookie.encode(), hashlib.sha1)
    return f"{cookie}; comparison.sig={base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def _warm(viewers: Sequence[Viewer], redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client, client.pipeline(transaction=False) as pipeline:
        for viewer in viewers:
            employee = viewer.employee
            checked_in_at = json.dumps(isoformat(viewer.checked_in_at))
            kept = {
                f"comparison:employee:{employee.id}": json.dumps(asdict(employee)),
                f"comparison:attendance:{viewer.event_id}:{employee.id}": checked_in_at,
            }
            for name, value in kept.items():
                pipeline.set(name, value, ex=CACHED_SECONDS)
        pipeline.execute()

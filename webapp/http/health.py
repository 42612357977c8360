"""The addresses for load balancers and monitoring, the same on both tiers."""

import hmac
from collections.abc import Callable

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from webapp.errors import NotReady
from webapp.http.access import internal
from webapp.infra.database import ping
from webapp.infra.redis_client import ping_redis

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@internal
def show_health() -> ResponseReturnValue:
    return jsonify(status="ok")


@bp.get("/readyz")
@internal
def show_readiness() -> ResponseReturnValue:
    failures = {name: error for name, probe in _probes().items() if (error := _failure(probe))}
    if failures:
        return jsonify(status="unavailable", failures=failures), 503, {"Retry-After": "2"}
    return jsonify(status="ready")


@bp.get("/metrics")
@internal
def show_metrics() -> ResponseReturnValue:
    wanted = current_app.config["METRICS_TOKEN"]
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if wanted and not hmac.compare_digest(given.encode(), wanted.encode()):
        return "The METRICS_TOKEN is missing.\n", 401, {"WWW-Authenticate": "Bearer"}
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _probes() -> dict[str, Callable[[], object]]:
    probes: dict[str, Callable[[], object]] = {"database": ping}
    if not current_app.config["EMBEDDED"]:
        probes["redis"] = ping_redis
    probes |= current_app.extensions["readiness_probes"]
    return probes


def _failure(probe: Callable[[], object]) -> str | None:
    try:
        probe()
    except NotReady as error:
        return str(error)
    except Exception as error:
        # Its text may name addresses and accounts.
        return type(error).__name__
    return None

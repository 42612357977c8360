"""Where to report a vulnerability of this installation (RFC 9116)."""

from datetime import timedelta

from flask import Blueprint, Response, current_app
from flask.typing import ResponseReturnValue

from webapp.errors import NotFound
from webapp.http.access import public
from webapp.infra.clock import isoformat, utcnow

bp = Blueprint("security", __name__)

# Programs distrust a file without an end. The contact counts as long as the setting is there.
VALID = timedelta(days=180)


@bp.get("/.well-known/security.txt")
@public
def show_contact() -> ResponseReturnValue:
    contact = current_app.config["SECURITY_CONTACT"]
    if not contact:
        raise NotFound
    expires = (utcnow() + VALID).replace(microsecond=0)
    lines = [f"Contact: {contact}", f"Expires: {isoformat(expires)}", "Preferred-Languages: en"]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")

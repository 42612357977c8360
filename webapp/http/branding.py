"""Files made from the settings, which browsers keep: logo, accent colour and web app manifest."""

import hashlib
import json
from dataclasses import dataclass

from flask import Blueprint, Flask, Response, current_app, url_for
from flask.typing import ResponseReturnValue

from webapp.errors import NotFound
from webapp.http.access import public
from webapp.infra.colors import CONTROL, TEXT, ink_on, mix, stand_out
from webapp.infra.images import media_type
from webapp.infra.settings import Settings

bp = Blueprint("branding", __name__, url_prefix="/branding")

# The surface and the ground of frontend/styles/tokens.css, light and dark.
LIGHT = ("#ffffff", "#f6f7f9")
DARK = ("#191c22", "#101216")
TINT = 0.9


@dataclass(frozen=True)
class File:
    """A file made from a setting; `version` changes with its content."""

    body: bytes
    mimetype: str

    @property
    def version(self) -> str:
        """Return a hash of the content, for the address."""
        return hashlib.sha256(self.body).hexdigest()[:12]


def init_branding(app: Flask, settings: Settings) -> None:
    """Make the files, and give templates their addresses."""
    manifest = File(web_manifest(settings.site_name).encode(), "application/manifest+json")
    files = {"site.webmanifest": manifest}
    if settings.site_logo:
        logo = settings.site_logo.read_bytes()
        files["logo"] = File(logo, media_type(logo))
    if settings.accent_color:
        files["colors.css"] = File(accent_style(settings.accent_color).encode(), "text/css")
    app.extensions["branding"] = files
    app.register_blueprint(bp)
    # An address costs 40 µs, and every page has them.
    with app.test_request_context():
        names = {name: _address(name, file) for name, file in files.items()}
    app.jinja_env.globals.update(
        logo=names.get("logo"),
        accent_style=names.get("colors.css"),
        manifest=names["site.webmanifest"],
    )


@bp.get("/<name>")
@public
def show_file(name: str) -> ResponseReturnValue:
    file = current_app.extensions["branding"].get(name)
    if file is None:
        raise NotFound
    response = Response(file.body, mimetype=file.mimetype)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    # An SVG that is opened by itself is a document: it may run nothing.
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response


def web_manifest(name: str) -> str:
    """Return what a browser needs to keep the site among its apps."""
    icon = {"src": "/static/icon.svg", "type": "image/svg+xml", "sizes": "any"}
    look = {"display": "minimal-ui", "background_color": LIGHT[1], "theme_color": LIGHT[0]}
    return json.dumps({"name": name, "start_url": "/", "icons": [icon]} | look)


def accent_style(accent: str) -> str:
    """Return the style sheet that replaces the accent of the tokens, readable in light and dark."""
    light = _properties(accent, LIGHT)
    dark = _properties(stand_out(accent, DARK, CONTROL), DARK)
    return (
        f"@media (forced-colors:none){{:root{{{light}}}}}"
        f"@media (forced-colors:none) and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    )


def _properties(fill: str, grounds: tuple[str, ...]) -> str:
    tint = mix(fill, grounds[0], TINT)
    text = stand_out(fill, (*grounds, tint), TEXT)
    return (
        f"--accent:{fill};--accent-ink:{ink_on(fill)};--accent-text:{text};--accent-ground:{tint}"
    )


def _address(name: str, file: File) -> str:
    return url_for("branding.show_file", name=name, v=file.version)

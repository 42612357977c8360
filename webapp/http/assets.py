"""Static files, with a hash of the content in the address, so that browsers may keep them."""

import hashlib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, url_for
from markupsafe import Markup

from webapp.i18n import current_language

_SCRIPT = Markup('<script src="{}" defer></script>')


def register_assets(app: Flask) -> None:
    """Add `?v=` to every `url_for("static")`; give templates `asset` and `script`."""
    folder = app.static_folder or ""

    def changed_at(filename: str) -> int:
        with suppress(OSError):
            return Path(folder, filename).stat().st_mtime_ns
        return 0

    if not app.debug:
        # A page asks for a dozen files, which change with a new version of the program only.
        changed_at = cache(changed_at)

    @app.template_global()
    def asset(filename: str) -> str:
        return address(filename, changed_at(filename))

    @app.template_global()
    def script(name: str) -> Markup:
        """Return the tags of a bundle of frontend/ and of its texts in the reader's language."""
        texts = f"build/{name}.{current_language()}.js"
        files = [texts] if changed_at(texts) else []
        return Markup().join(_SCRIPT.format(asset(file)) for file in [*files, f"build/{name}.js"])

    @cache  # building an address takes 40 µs
    def address(filename: str, _changed_at: int) -> str:
        return url_for("static", filename=filename)

    @cache
    def version(filename: str, _changed_at: int) -> str:
        return hashlib.sha256(Path(folder, filename).read_bytes()).hexdigest()[:12]

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint != "static" or "v" in values:
            return
        filename = values["filename"]
        with suppress(OSError):
            if changed := changed_at(filename):
                values["v"] = version(filename, changed)

"""Static files: each address carries a hash of the content, so that it may be cached for ever."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask


def register_assets(app: Flask) -> None:
    """Add `?v=` to every `url_for("static")`."""
    folder = Path(app.static_folder or "")

    @cache
    def version(name: str, _changed_at: float) -> str:
        return hashlib.sha256((folder / name).read_bytes()).hexdigest()[:12]

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint != "static" or "v" in values:
            return
        path = folder / values["filename"]
        if path.is_file():
            values["v"] = version(values["filename"], path.stat().st_mtime)

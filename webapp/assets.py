"""Static files: each address carries a hash of the content, so that it may be cached for ever."""

import hashlib
import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask


def register_assets(app: Flask) -> None:
    """Add `?v=` to every `url_for("static")`."""
    folder = app.static_folder or ""

    @cache
    def version(path: str, _changed_at: int) -> str:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint != "static" or "v" in values:
            return
        # A page has eight such addresses, and pathlib takes 50 µs to ask for the time of a file.
        path = f"{folder}/{values['filename']}"
        with suppress(OSError):
            values["v"] = version(path, os.stat(path).st_mtime_ns)  # noqa: PTH116

"""The version of the scripts that pages load, by which a page notices an update of the server."""

import hashlib
from functools import cache

from webapp.infra.settings import ROOT


@cache
def script_version() -> str:
    """Return a short hash of all built scripts, as they were when this process asked first.

    It is "" where none were built.
    """
    scripts = sorted((ROOT / "static/build").glob("*.js"))
    if not scripts:
        return ""
    return hashlib.sha256(b"".join(path.read_bytes() for path in scripts)).hexdigest()[:12]

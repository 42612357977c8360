"""The file with everything that is held on one person: JSON for programs, a page for people."""

import io
import zipfile
from typing import Any

from flask import render_template

from webapp.domain.people.exporting import as_json


def zip_export(export: dict[str, Any]) -> bytes:
    """Return a zip file with `person.json` and `person.html`, which has the same content."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("person.json", as_json(export))
        archive.writestr("person.html", render_template("people/export.html", export=export))
    return file.getvalue()

"""Reading requests: form fields without control characters, JSON without endless nesting."""

import secrets
from typing import IO, Any

import regex
from flask import Flask, Request, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.formparser import FormDataParser

from webapp.domain.writing.nonces import NonceSpent
from webapp.errors import TownhallError

# Neither HTML nor UTF-8 can hold these. White space stays: each form has its own rule for it.
_UNPRINTABLE = regex.compile(
    r"[[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]--[\t\n\v\f\r\x85]]", regex.V1
)


class _FormParser(FormDataParser):
    """Removes the characters that no page could show again."""

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        stream, form, files = super().parse(stream, mimetype, content_length, options)
        fields = [(name, _UNPRINTABLE.sub("", text)) for name, text in form.items(multi=True)]
        return stream, self.cls(fields), files


class _Request(Request):
    form_data_parser_class = _FormParser


class _Json(DefaultJSONProvider):
    def loads(self, s: str | bytes, **options: Any) -> Any:
        """Parse JSON. Raises `ValueError` for any text that is not JSON."""
        try:
            return super().loads(s, **options)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def request_fields() -> dict[str, Any]:
    """Return the fields of a form, or of the object in a JSON body; {} for any other JSON."""
    if not request.is_json:
        return request.form.to_dict()
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def form_nonce(error: TownhallError | None) -> str:
    """Return the nonce for the next attempt of a form: the same one, unless it is spent."""
    spent = isinstance(error, NonceSpent)
    return (not spent and request.form.get("nonce")) or secrets.token_urlsafe(16)


def register_request_parsing(app: Flask) -> None:
    """Parse the requests of `app` with these classes."""
    app.request_class = _Request
    app.json = _Json(app)
    app.json.sort_keys = False

"""The demo stream: video without the internet."""

import mimetypes
import time
from functools import cache

from flask import Blueprint, Response, url_for
from flask.typing import ResponseReturnValue

from webapp.errors import NotFound
from webapp.http.access import public
from webapp.infra.settings import ROOT
from webapp.pages.demo.playlist import Loop, live_playlist, main_playlist, near_base, read_loop

# The system's own table often calls it a file of translations.
mimetypes.add_type("video/mp2t", ".ts")

bp = Blueprint("demo", __name__, url_prefix="/demo")

_read_loop = cache(read_loop)


@bp.get("/live.m3u8")
@public
def show_playlist() -> ResponseReturnValue:
    base = near_base(_loop(), time.time())
    return _playlist(main_playlist(url_for("demo.show_segments", base=base)))


@bp.get("/live/<int:base>.m3u8")
@public
def show_segments(base: int) -> ResponseReturnValue:
    playlist = live_playlist(_loop(), base, time.time())
    if playlist is None:
        raise NotFound
    return _playlist(playlist)


def _loop() -> Loop:
    names, seconds = _read_loop(ROOT / "static" / "demo" / "loop.m3u8")
    return Loop([url_for("static", filename=f"demo/{name}") for name in names], seconds)


def _playlist(text: str) -> Response:
    return Response(
        text,
        content_type="application/vnd.apple.mpegurl",
        headers={"Cache-Control": "no-cache"},
    )

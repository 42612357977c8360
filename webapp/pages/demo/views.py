"""The demo stream: video without the internet."""

import time
from functools import cache

from flask import Blueprint, Response, url_for
from flask.typing import ResponseReturnValue

from webapp.http.access import public
from webapp.infra.settings import ROOT
from webapp.pages.demo.playlist import live_playlist, read_loop

bp = Blueprint("demo", __name__, url_prefix="/demo")

_read_loop = cache(read_loop)


@bp.get("/live.m3u8")
@public
def show_playlist() -> ResponseReturnValue:
    names, seconds = _read_loop(ROOT / "static" / "demo" / "loop.m3u8")
    addresses = [url_for("static", filename=f"demo/{name}") for name in names]
    playlist = live_playlist(addresses, seconds, time.time())
    return Response(
        playlist,
        content_type="application/vnd.apple.mpegurl",
        headers={"Cache-Control": "no-cache"},
    )

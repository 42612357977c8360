"""The logo and the accent colour of the settings, and the page of the parts."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from tests.support.client import PageClient
from webapp.app import create_app
from webapp.http.rendering import render
from webapp.http.toasts import notify
from webapp.infra.settings import load_settings

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
SVG = b'<?xml version="1.0"?>\n<!-- ours -->\n<svg xmlns="http://www.w3.org/2000/svg"></svg>'


@pytest.fixture
def branded(tmp_path: Path) -> Callable[..., PageClient]:
    """Return a function that returns a client of a site with further settings."""

    def visit(**environ: str) -> PageClient:
        app = create_app(load_settings({"INSTANCE_PATH": str(tmp_path)} | environ))
        app.test_client_class = PageClient
        client = app.test_client()
        assert isinstance(client, PageClient)
        return client

    return visit


@pytest.mark.parametrize(("logo", "kind"), [(PNG, "image/png"), (SVG, "image/svg+xml")])
def test_the_logo_stands_beside_the_name(
    branded: Callable[..., PageClient], tmp_path: Path, logo: bytes, kind: str
) -> None:
    (tmp_path / "logo").write_bytes(logo)
    client = branded(SITE_LOGO=str(tmp_path / "logo"), SITE_NAME="Acme")
    page = client.get("/admin/login").text
    address = re.findall(r'<img src="(/branding/logo\?v=\w+)" alt=""', page)
    answer = client.get(address[0])
    assert (answer.data, answer.mimetype) == (logo, kind)
    assert answer.cache_control.max_age == 31536000
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert ">Acme<" in page


def test_the_accent_is_a_style_sheet_after_ours(branded: Callable[..., PageClient]) -> None:
    client = branded(ACCENT_COLOR="#ffcc00")
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', client.get("/admin/login").text)
    assert sheets[0].startswith("/static/build/site.css")
    answer = client.get(sheets[1])
    assert answer.mimetype == "text/css"
    assert "--accent:#ffcc00;--accent-ink:#000000" in answer.text


def test_a_site_without_branding_has_none(branded: Callable[..., PageClient]) -> None:
    client = branded()
    page = client.get("/admin/login").text
    assert "/branding/logo" not in page
    assert "/branding/colors.css" not in page
    assert client.get("/branding/logo").status_code == 404
    assert client.get("/branding/colors.css").status_code == 404


def test_the_manifest_names_the_site(branded: Callable[..., PageClient]) -> None:
    client = branded(SITE_NAME="Acme")
    page = client.get("/admin/login")
    address = re.findall(r'<link rel="manifest" href="([^"]+)"', page.text)
    answer = client.get(address[0])
    assert answer.mimetype == "application/manifest+json"
    assert answer.get_json(force=True)["name"] == "Acme"
    assert "manifest-src 'self'" in page.headers["Content-Security-Policy"]


def test_a_text_file_is_not_a_logo(branded: Callable[..., PageClient], tmp_path: Path) -> None:
    (tmp_path / "logo").write_text("<html><svg></svg></html>")
    with pytest.raises(Exception, match="SITE_LOGO: must name a PNG, JPEG, WebP or SVG file"):
        branded(SITE_LOGO=str(tmp_path / "logo"))


def test_the_parts_are_a_page_of_development_only(
    branded: Callable[..., PageClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert branded().get("/parts").status_code == 404
    monkeypatch.setenv("FLASK_DEBUG", "1")
    assert branded().get("/parts").status_code == 200


def test_a_form_error_marks_its_field_and_the_summary_leads_to_it(
    branded: Callable[..., PageClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    client = branded()
    answer = client.submit(client.get("/parts"), "/parts", title="")
    assert answer.status_code == 422
    assert '<a href="#title">Title: Enter a title.</a>' in answer.text
    assert 'aria-invalid="true" aria-describedby="title-hint title-error"' in answer.text


def test_a_toast_follows_a_redirect_once(
    branded: Callable[..., PageClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    client = branded()
    filled = {"title": "All hands", "starts_at": "2026-11-28T14:00", "kind": "a"}
    answer = client.submit(client.get("/parts"), "/parts", **filled)
    assert answer.status_code == 303
    assert '<div class="toast"><p>Saved.</p>' in client.get("/parts").text
    assert 'class="toast"' not in client.get("/parts").text


def test_a_toast_travels_with_a_fragment_in_a_header(app: Flask) -> None:
    with app.test_request_context(headers={"HX-Request": "true"}):
        notify("Gelöscht.", undo="/undo")
        response = render("_error.html", "_error.html")
    assert response.headers["HX-Trigger"] == (
        '{"toasts": {"list": [{"text": "Gel\\u00f6scht.", "undo": "/undo"}]}}'
    )

"""The embedded default compresses its answers; nginx does it in the full system."""

import gzip
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.support.client import PageClient, parse
from tests.support.data import add_event
from webapp.app import create_app
from webapp.infra.settings import ROOT, load_settings

GZIP = {"Accept-Encoding": "gzip"}
# Bytes over the wire, with a margin for the headers.
CHECK_IN_BYTES = 28_000


@pytest.fixture
def site(tmp_path: Path) -> FlaskClient:
    """Return a client that does not uncompress."""
    return create_app(load_settings({"INSTANCE_PATH": str(tmp_path)})).test_client()


def test_a_page_is_compressed_for_browsers_that_ask_for_it(site: FlaskClient) -> None:
    plain, packed = site.get("/admin/login"), site.get("/admin/login", headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Content-Length"] == str(len(packed.data))
    assert b"<h1>Sign in</h1>" in gzip.decompress(packed.data)
    assert len(packed.data) < len(plain.data) / 1.7
    assert "Accept-Encoding" in plain.headers["Vary"]


@pytest.mark.parametrize("accepted", ["identity", "br", "gzip;q=0", ""])
def test_other_clients_get_it_as_it_is(site: FlaskClient, accepted: str) -> None:
    for address in ("/admin/login", "/static/build/site.css"):
        with site.get(address, headers={"Accept-Encoding": accepted}) as answer:
            assert "Content-Encoding" not in answer.headers


def test_a_short_answer_is_not_compressed(site: FlaskClient) -> None:
    assert "Content-Encoding" not in site.get("/healthz", headers=GZIP).headers


@pytest.mark.parametrize("name", ["build/site.css", "build/icons.svg", "vendor/htmx.min.js"])
def test_files_of_the_build_are_sent_as_the_build_compressed_them(
    site: FlaskClient, name: str
) -> None:
    plain = (ROOT / "static" / name).read_bytes()
    with site.get(f"/static/{name}?v=1", headers=GZIP) as packed:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.mimetype in ("text/css", "image/svg+xml", "text/javascript")
        assert packed.cache_control.max_age == 31536000
        assert gzip.decompress(packed.data) == plain
        tag = packed.headers["ETag"]
    with site.get(f"/static/{name}", headers=GZIP | {"If-None-Match": tag}) as again:
        assert again.status_code == 304


@pytest.mark.parametrize("name", ["x" * 5000, "x%00y", "../wsgi.py", "build/", "%ff"])
def test_a_file_that_cannot_be_there_is_not_found(site: FlaskClient, name: str) -> None:
    assert site.get(f"/static/{name}", headers=GZIP).status_code == 404


def test_a_demo_segment_has_its_media_type(site: FlaskClient) -> None:
    with site.get("/static/demo/segment0.ts", headers=GZIP) as answer:
        assert answer.mimetype == "video/mp2t"
        assert "Content-Encoding" not in answer.headers


def test_the_check_in_page_is_light(client: PageClient, site: FlaskClient) -> None:
    with client.application.app_context():
        add_event()
    page = client.get("/events/town-hall/")
    names = ("src", "href")
    found = [one.get(name, "") for one in parse(page.text).iter() for name in names]
    files = {address.partition("#")[0] for address in found if address.startswith("/static/")}
    files.add(page.text.partition('data-icons="')[2].partition('"')[0])
    total = len(gzip.compress(page.data))
    for address in files:
        with site.get(address, headers=GZIP) as answer:
            total += len(answer.data)
    assert len(files) >= 4
    assert total <= CHECK_IN_BYTES

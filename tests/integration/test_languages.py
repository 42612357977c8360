"""Pages, fragments, errors and JSON are in the language of their reader."""

import pytest
from flask import Flask

from tests.support.client import PageClient, parse, text_of
from tests.support.data import add_event
from webapp.i18n import COOKIE

# The pages are the same on every database: the embedded default is the quicker one.
pytestmark = pytest.mark.parametrize("settings", ["embedded"], indirect=True)

GERMAN = {"Accept-Language": "de-DE,de;q=0.9,en;q=0.8"}
NOWHERE = "/nowhere"
FORM = "/events/town-hall/"


@pytest.fixture(autouse=True)
def meeting(app: Flask) -> None:
    with app.app_context():
        add_event()


def lang_of(html: str) -> str | None:
    return parse(html).get("lang")


def test_a_browser_without_a_preference_gets_the_default(client: PageClient) -> None:
    page = client.get(FORM)
    assert lang_of(page.text) == page.headers["Content-Language"] == "en"
    assert "Watch the event live" in text_of(page.text)


def test_a_page_names_its_language_and_what_it_depends_on(client: PageClient) -> None:
    page = client.get(FORM, headers=GERMAN)
    assert lang_of(page.text) == page.headers["Content-Language"] == "de"
    assert {"accept-language", "cookie"} <= set(page.vary.as_set())


def test_an_error_page_is_in_the_language_of_the_browser(client: PageClient) -> None:
    page = client.get(NOWHERE, headers=GERMAN)
    assert page.status_code == 404
    assert lang_of(page.text) == "de"


def test_a_choice_is_remembered_and_wins_over_the_browser(client: PageClient) -> None:
    answer = client.get("/language/de", query_string={"back": FORM})
    assert answer.status_code == 303
    assert answer.location == FORM
    assert lang_of(client.get(FORM, headers={"Accept-Language": "en"}).text) == "de"


def test_the_page_links_to_itself_in_the_other_language(client: PageClient) -> None:
    page = client.get(f"{FORM}?sso=denied", headers=GERMAN)
    (link,) = [a for a in parse(page.text).iter() if a.get("hreflang")]
    assert (link.get("hreflang"), link.get("lang"), link.text) == ("en", "en", "English")
    chosen = client.get(link.get("href", ""))
    assert chosen.location == f"{FORM}?sso=denied"
    assert lang_of(client.get(FORM, headers=GERMAN).text) == "en"


def test_a_language_that_is_not_offered_is_not_remembered(client: PageClient) -> None:
    assert client.get("/language/xx").status_code == 303
    assert client.get_cookie(COOKIE) is None


@pytest.mark.parametrize("back", ["//evil.example/", "/\\evil.example", "https://evil.example", ""])
def test_the_way_back_stays_on_this_site(client: PageClient, back: str) -> None:
    answer = client.get("/language/de", query_string={"back": back})
    assert answer.location == "/"


def test_the_referrer_leads_back_where_the_page_came_by_a_form(client: PageClient) -> None:
    origin = {"Referer": f"http://localhost{FORM}?again=1"}
    assert client.get("/language/de", headers=origin).location == f"{FORM}?again=1"
    foreign = {"Referer": "https://evil.example/events/"}
    assert client.get("/language/de", headers=foreign).location == "/"


def test_a_fragment_is_in_the_language_of_its_page(client: PageClient) -> None:
    # The reader changed the language in another tab meanwhile.
    client.set_cookie(COOKIE, "de")
    fragment = client.get(FORM, headers={"HX-Request": "true", "X-Page-Language": "en"})
    assert fragment.headers["Content-Language"] == "en"


def test_json_errors_are_in_the_language_of_the_browser(client: PageClient) -> None:
    answer = client.get(NOWHERE, headers=GERMAN | {"Accept": "application/json"})
    error = answer.get_json()["error"]
    assert error["code"] == "invalid"
    assert answer.headers["Content-Language"] == "de"

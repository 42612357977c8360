"""Texts follow the language of the reader, and fall back to English."""

from datetime import datetime, timedelta

import pytest

from webapp import i18n
from webapp.domain.audit.wording import DETAILS
from webapp.domain.events.planning import Plan
from webapp.domain.events.store import SETTINGS
from webapp.errors import Invalid
from webapp.i18n import choose, gettext, lazy, ngettext, speaking

BOTH = ("en", "de")


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        (None, None, "en"),
        (None, "", "en"),
        (None, "de", "de"),
        (None, "de-AT,de;q=0.9,en;q=0.8", "de"),
        (None, "DE-at", "de"),
        (None, "en-US,en;q=0.9,de;q=0.8", "en"),
        (None, "fr-FR,fr;q=0.9,de;q=0.5,en;q=0.3", "de"),
        (None, "fr,es", "en"),
        (None, "*", "en"),
        (None, "de;q=0", "en"),
        (None, ";;,q=x,\x00", "en"),
        (None, "de," * 10_000, "de"),
        ("de", "en", "de"),
        ("en", "de", "en"),
        ("xx", "de", "de"),
        ("", "de", "de"),
    ],
)
def test_the_choice_wins_over_the_browser(
    chosen: str | None, accepted: str | None, language: str
) -> None:
    assert choose(BOTH, chosen, accepted) == language


def test_the_first_language_is_the_default() -> None:
    assert choose(("de", "en"), None, "fr") == "de"
    assert choose(("de",), "en", "en") == "de"


def test_a_region_of_the_browser_is_met() -> None:
    assert choose(("en", "pt_BR"), None, "pt-BR") == "pt_BR"
    assert i18n.tag_of("pt_BR") == "pt-BR"


def test_numbers_have_the_separators_of_the_language() -> None:
    assert gettext("%(rows)s in line %(line)d", rows=50_000, line=1234) == "50,000 in line 1234"
    with speaking("de"):
        assert i18n.format_number(50_000) == "50.000"


def test_a_text_may_have_a_per_cent_sign() -> None:
    assert gettext("100 %% of them") == "100 % of them"
    assert gettext("%(share)s %% of them", share=5) == "5 % of them"
    # Nobody doubled it: it comes from somewhere else.
    assert gettext("100 % of them") == "100 % of them"


def test_plurals_follow_the_count() -> None:
    assert ngettext("%(count)s minute", "%(count)s minutes", 1) == "1 minute"
    assert ngettext("%(count)s minute", "%(count)s minutes", 2000) == "2,000 minutes"


def test_an_error_is_translated_where_it_is_shown() -> None:
    error, label = Invalid("Write something first."), lazy("Write something first.")
    assert error.message == str(label) == "Write something first."
    with speaking("de"):
        assert error.message == str(label) == "Schreiben Sie zuerst etwas."
    assert str(error) == "Write something first."


def test_the_audit_log_names_each_setting_of_an_event() -> None:
    begin = datetime(2027, 7, 1, 14, 0)  # noqa: DTZ001 - in the event's zone
    plan = Plan("Town hall", begin, begin + timedelta(hours=1), "Europe/Berlin", "")
    assert not {*SETTINGS, *plan.columns()} - DETAILS.keys()

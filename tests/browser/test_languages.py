"""A German browser sees German, and a choice of language is remembered."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.support.browser import People
from tests.support.embedded import Embedded
from tests.support.meeting import held_meeting

BEGIN = datetime(2030, 5, 4, 7, 0, tzinfo=UTC)


def test_dates_and_countdowns_are_german(
    people: People, embedded: Embedded, javascript: bool
) -> None:
    times = {"starts_at": BEGIN, "ends_at": BEGIN + timedelta(hours=1)}
    scheduled = held_meeting(
        embedded.settings, embedded.url, state="scheduled", timezone="Europe/Berlin", **times
    )
    with scheduled as meeting:
        page = people.come(meeting.site, javascript=javascript, locale="de-AT")
        page.goto(f"/events/{meeting.slug}/")
        main = page.get_by_role("main")
        expect(main).to_contain_text("Samstag, 4. Mai 2030")
        expect(main).to_contain_text("09:00")
        if javascript:
            expect(main).to_contain_text("noch ")
            expect(main).to_contain_text("Tage")

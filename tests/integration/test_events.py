"""Events from plan to archive: their zone, address, opening and closing."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from realtime.headcount import Headcount
from tests.support.client import PageClient, text_of
from tests.support.clocks import set_clock
from tests.support.data import add_employee, add_event
from tests.support.statements import counted_statements
from webapp.domain.attendance import viewer_count
from webapp.domain.attendance.closing import close
from webapp.domain.attendance.minutes import record_minute
from webapp.domain.events import store as event_store
from webapp.domain.events.planning import Plan, copy_event, create_event
from webapp.domain.models import Closing, Employee, Event, Reopening, RosterEntry
from webapp.domain.running.states import change_state
from webapp.infra.circuit_breaker import Breaker
from webapp.infra.clock import minute_of, utcnow
from webapp.infra.extensions import db
from webapp.infra.redis_client import redis_breaker

PLAN = {
    "title": "Résumé of the year",
    "starts_at": "2027-07-01T14:00",
    "ends_at": "2027-07-01T15:30",
    "timezone": "Europe/Berlin",
    "stream_url": "https://youtu.be/dQw4w9WgXcQ",
}

BERLIN = ZoneInfo("Europe/Berlin")
SLUG = "resume-of-the-year-2027-07-01"
TOWN_HALL = "/admin/events/town-hall"


def plan(admin: PageClient, **changes: str) -> tuple[int, str]:
    answer = admin.submit(admin.get("/admin/events/new"), "events/new", **(PLAN | changes))
    return answer.status_code, answer.text


def test_event_is_planned_in_its_own_zone(app: Flask, admin: PageClient) -> None:
    assert plan(admin)[0] == 303
    with app.app_context():
        event = db.session.scalars(select(Event)).one()
        assert event.slug == SLUG
        assert event.starts_at == datetime(2027, 7, 1, 12, 0, tzinfo=UTC)
        assert event.state == "scheduled"
    assert "Thursday, 1 July 2027, 14:00" in text_of(admin.get(f"/events/{SLUG}/").text)


def test_any_number_of_events_have_one_title(app: Flask) -> None:
    begin = datetime(2027, 7, 1, 14, 0)  # noqa: DTZ001 - in the event's zone
    one = Plan("Town hall", begin, begin + timedelta(hours=1), "Europe/Berlin", "")
    slugs = [f"town-hall-2027-07-01-{number}" for number in range(2, 56)]
    with app.app_context():
        assert [create_event(one).slug for _ in range(55)] == ["town-hall-2027-07-01", *slugs]


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Обращение к сотрудникам", "obrashchenie-k-sotrudnikam"),
        ("全社集会", "quan-she-ji-hui"),
        ("Ετήσια συνάντηση", "etesia-sunantese"),
        ("Straße & Büro", "strasse-buro"),
        ("🎉", "event"),
        ("long " * 40, "long-long-long-long-long-long-long-long-long-long-long-long"),
    ],
)
def test_address_is_readable_in_any_script(
    app: Flask, admin: PageClient, title: str, slug: str
) -> None:
    assert plan(admin, title=title)[0] == 303
    with app.app_context():
        assert db.session.scalars(select(Event.slug)).one() == f"{slug}-2027-07-01"


def test_editing_keeps_fields_that_are_not_changed(app: Flask, admin: PageClient) -> None:
    plan(admin)
    page = admin.get(f"/admin/events/{SLUG}/edit")
    assert 'value="2027-07-01T14:00"' in page.text
    assert admin.submit(page, "/edit", title="The year").status_code == 303
    with app.app_context():
        event = db.session.scalars(select(Event)).one()
        assert (event.title, event.slug) == ("The year", SLUG)
        assert event.ends_at == datetime(2027, 7, 1, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"title": ""}, "Give it a title."),
        ({"title": "x" * 201}, "Field cannot be longer than 200 characters."),
        ({"starts_at": "tomorrow"}, "Not a valid datetime value."),
        ({"ends_at": "2027-07-01T13:00"}, "The event must end after it begins."),
        ({"starts_at": "2027-03-28T02:30"}, "does not exist in Europe/Berlin"),
        ({"ends_at": "2027-10-31T02:30"}, "comes twice in Europe/Berlin"),
        ({"starts_at": "0001-01-01T00:00"}, "Choose another year."),
        ({"timezone": "Mars/Olympus"}, "Choose a time zone"),
        ({"timezone": "Factory"}, "Choose a time zone"),
        ({"timezone": "localtime"}, "Choose a time zone"),
        ({"timezone": "posix/Europe/Berlin"}, "Choose a time zone"),
        ({"timezone": "right/Europe/Berlin"}, "Choose a time zone"),
        ({"timezone": "europe/berlin"}, "Choose a time zone"),
        ({"stream_hosts": "cdn.example.com; script-src *"}, "is not a host"),
        ({"stream_url": "https://zoom.us/j/123"}, "Zoom does not let"),
        ({"stream_url": "javascript:alert(1)"}, "https://"),
    ],
)
def test_impossible_plan_is_refused_and_kept(
    app: Flask, admin: PageClient, changes: dict[str, str], complaint: str
) -> None:
    status, page = plan(admin, **changes)
    assert status == 422
    assert complaint in text_of(page)
    with app.app_context():
        assert db.session.scalar(select(Event)) is None


def close_by_hand(admin: PageClient) -> None:
    question = admin.get("/admin/events/town-hall/close")
    assert admin.submit(question, "/state", state="closed").status_code == 303


def test_event_is_opened_and_closed(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        add_event(state="scheduled")
    admin.submit(admin.get("/admin/"), "/state", state="open")
    assert admin.get("/").location == "/events/town-hall/"
    assert "Your check-in time and the minutes you watch" in text_of(
        admin.get("/events/town-hall/").text
    )
    close_by_hand(admin)
    assert "This event is over" in text_of(admin.get("/events/town-hall/").text)


def state_of(app: Flask, slug: str = "town-hall") -> str:
    with app.app_context():
        return event_store.get_event(slug).state


def test_opening_an_event_far_from_its_start_asks_first(app: Flask, admin: PageClient) -> None:
    begin = utcnow() - timedelta(days=30)
    with app.app_context():
        add_event(state="scheduled", starts_at=begin, ends_at=begin + timedelta(hours=1))
    answer = admin.submit(admin.get("/admin/"), "/state", state="open")
    assert answer.location == "/admin/events/town-hall/open"
    assert state_of(app) == "scheduled"
    question = admin.get(answer.location)
    assert f"planned for {begin.astimezone(BERLIN):%A, %-d %B %Y, %H:%M}" in text_of(question.text)
    assert admin.submit(question, "/state", state="open").location == "/admin/events/town-hall"
    assert state_of(app) == "open"


def test_opening_a_closed_event_takes_a_reason_and_keeps_its_closing(
    app: Flask, admin: PageClient
) -> None:
    with app.app_context():
        add_event()
    close_by_hand(admin)
    with app.app_context():
        (closing,) = db.session.execute(select(Closing.closed_at, Closing.closed_by)).all()
    question = admin.get("/admin/events/town-hall/open")
    refused = admin.submit(question, "/state", state="open", reason=" ")
    assert refused.status_code == 422
    assert "Give a reason" in text_of(refused.text)
    assert state_of(app) == "closed"
    admin.submit(question, "/state", state="open", reason="Closed too early")
    assert state_of(app) == "open"
    close_by_hand(admin)
    with app.app_context():
        kept = db.session.scalars(select(Reopening)).one()
        assert (kept.closed_at, kept.closed_by) == tuple(closing)
        assert (kept.reason, kept.reopened_by) == ("Closed too early", closing.closed_by)
        assert db.session.scalars(select(Closing.closed_at)).one() > kept.reopened_at
    assert "reason: Closed too early" in text_of(admin.get("/admin/audit").text)


def test_front_page_leads_to_the_open_event_that_began_last(app: Flask, client: PageClient) -> None:
    now = utcnow()
    plans = {
        "last-month": ("open", -timedelta(days=30)),
        "this-morning": ("open", -timedelta(hours=3)),
        "tonight": ("open", timedelta(hours=3)),
        "unopened": ("scheduled", -timedelta(days=2)),
        "tomorrow": ("scheduled", timedelta(days=1)),
    }
    with app.app_context():
        for slug, (state, start) in plans.items():
            begin = now + start
            add_event(slug, state, starts_at=begin, ends_at=begin + timedelta(hours=1))
    order = ["this-morning", "last-month", "tonight", "tomorrow"]
    for slug in order:
        assert client.get("/").location == f"/events/{slug}/"
        with app.app_context():
            change_state(event_store.get_event(slug), "closed")
    assert "No event is planned" in text_of(client.get("/").text)


def test_closed_event_says_when_it_was_closed(app: Flask, client: PageClient) -> None:
    begin = utcnow() - timedelta(minutes=10)
    with app.app_context():
        event = add_event(starts_at=begin, ends_at=begin + timedelta(hours=9), timezone="UTC")
        close(event.id, now := utcnow() - timedelta(minutes=3))
        event_store.forget_event("town-hall")
    page = text_of(client.get("/events/town-hall/").text)
    assert f"It was closed on {now:%A, %-d %B %Y, %H:%M} (UTC)" in page
    assert f"{begin + timedelta(hours=9):%H:%M}" not in page


def test_overdue_event_is_named_to_admins_and_the_waiting_page_says_so(
    app: Flask, admin: PageClient
) -> None:
    begin = utcnow() - timedelta(minutes=20)
    with app.app_context():
        add_event("late", "scheduled", starts_at=begin, ends_at=begin + timedelta(hours=1))
        add_event("never", "scheduled", starts_at=begin, ends_at=begin + timedelta(minutes=1))
    overview = text_of(admin.get("/admin/").text)
    assert overview.count("has not been opened") == 1
    assert "overdue" in overview
    assert "never opened" in overview
    late, never = (text_of(admin.get(f"/events/{slug}/").text) for slug in ("late", "never"))
    assert "has not been opened yet" in late
    assert "was not opened" in never
    assert "to go" not in late + never


def test_event_without_attendance_can_be_deleted(app: Flask, admin: PageClient) -> None:
    plan(admin)
    question = admin.get(f"/admin/events/{SLUG}/remove")
    assert "Thursday, 1 July 2027" in text_of(question.text)
    assert admin.submit(question, "/remove", choice="delete").status_code == 303
    assert admin.get(f"/events/{SLUG}/").status_code == 404
    log = text_of(admin.get("/admin/audit").text)
    assert f"Deleted the event Résumé of the year ({SLUG})" in log
    assert "Planned an eventRésumé of the year" in log  # in the next column


def test_event_with_attendance_is_archived_instead(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        watch(add_event(), add_employee())
    open_one = admin.submit(
        admin.get("/admin/events/town-hall/remove"), "/remove", choice="archive"
    )
    assert open_one.status_code == 422
    close_by_hand(admin)
    question = admin.get("/admin/events/town-hall/remove")
    assert "cannot be deleted" in text_of(question.text)
    assert admin.submit(question, "/remove", choice="delete").status_code == 422
    assert admin.submit(question, "/remove", choice="archive").status_code == 303
    assert "Town hall" not in text_of(admin.get("/admin/").text)
    assert "Town hall" in text_of(admin.get("/admin/events/archived").text)
    assert admin.get("/admin/events/town-hall/attendance").status_code == 200
    admin.submit(admin.get("/admin/events/town-hall/remove"), "/remove", choice="restore")
    assert "Town hall" in text_of(admin.get("/admin/").text)


@pytest.mark.parametrize("length", [1500, 4000])
def test_signed_stream_address_is_kept_whole(app: Flask, admin: PageClient, length: int) -> None:
    address = "https://cdn.example.com/live.m3u8?Signature=".ljust(length, "a")
    assert plan(admin, stream_url=address)[0] == 303
    with app.app_context():
        assert db.session.scalars(select(Event.stream_url)).one() == address


def test_pasted_embed_code_gives_its_address(app: Flask, admin: PageClient) -> None:
    code = '<iframe width="640" src="//player.vimeo.com/video/1?h=ab&amp;quality=720p"></iframe>'
    assert plan(admin, stream_url=code)[0] == 303
    with app.app_context():
        stored = db.session.scalars(select(Event.stream_url)).one()
        assert stored == "https://player.vimeo.com/video/1?h=ab&quality=720p"


def test_video_library_is_loaded_only_where_it_plays(app: Flask, client: PageClient) -> None:
    streams = {"hls": "/demo/live.m3u8", "frame": "https://youtu.be/dQw4w9WgXcQ", "none": ""}
    with app.app_context():
        for slug, address in streams.items():
            add_event(slug, stream_url=address)
        add_employee("1001", email="ada@example.com")
    for slug in streams:
        assert "hls.min.js" not in client.get(f"/events/{slug}/").text
        client.check_in(slug, "ada@example.com", "1001")
        page = client.get(f"/events/{slug}/live").text
        assert ("hls.min.js" in page) is (slug == "hls")
    # Without JavaScript there is a way to the stream itself.
    assert 'href="/demo/live.m3u8"' in client.get("/events/hls/live").text


def test_live_page_allows_the_hosts_of_its_event(app: Flask, client: PageClient) -> None:
    hosts = "https://segments.example.com https://*.edge.example.com"
    with app.app_context():
        add_event(stream_url="https://a.example.com/live.m3u8", stream_hosts=hosts)
        add_event("other", stream_url="https://b.example.com/live.m3u8")
        add_employee("1001", email="ada@example.com")
    client.check_in("town-hall", "ada@example.com", "1001")
    policy = client.get("/events/town-hall/live").headers["Content-Security-Policy"]
    for directive in ("media-src 'self' blob: data:", "connect-src 'self'"):
        assert f"{directive} https://a.example.com {hosts};" in f"{policy};"
    client.check_in("other", "ada@example.com", "1001")
    assert "segments" not in client.get("/events/other/live").headers["Content-Security-Policy"]


def test_plain_http_is_refused_where_the_site_is_served_over_https(admin: PageClient) -> None:
    token = admin.get("/admin/events/new").text.split('name="csrf_token" value="')[1].split('"')[0]
    form = PLAN | {"csrf_token": token, "required_share": "50"}
    form["stream_url"] = "http://cdn.example.com/live.m3u8"
    answer = admin.post("/admin/events/new", data=form, base_url="https://localhost")
    assert answer.status_code == 422
    assert "browsers block" in text_of(answer.text)
    assert admin.post("/admin/events/new", data=form).status_code == 303


def test_copy_is_planned_at_the_same_time_of_day(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        # 14:00 in Berlin, in winter and in summer.
        begin = datetime(2026, 1, 15, 13, 0, tzinfo=UTC)
        times = {"starts_at": begin, "ends_at": begin + timedelta(minutes=90)}
        add_event("town-hall", "closed", slow_mode_seconds=30, required_share=80, **times)
    page = admin.get("/admin/")
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = admin.post("/admin/events/town-hall/copy", data={"csrf_token": token})
    assert answer.status_code == 303
    with app.app_context():
        copy = event_store.get_event(answer.location.split("/")[3])
        assert copy.slug == f"town-hall-{copy.starts_at:%Y-%m-%d}"
        assert (copy.state, copy.slow_mode_seconds, copy.required_share) == ("scheduled", 30, 80)
        assert utcnow() < copy.starts_at <= utcnow() + timedelta(weeks=1, hours=2)
        assert copy.local(copy.starts_at).strftime("%a %H:%M") == "Thu 14:00"
        assert copy.ends_at - copy.starts_at == timedelta(minutes=90)


@pytest.mark.parametrize(
    "original",
    [
        # 02:30 in Berlin does not exist on 28 March 2027 and comes twice on 31 October 2027.
        datetime(2027, 3, 21, 1, 30, tzinfo=UTC),
        datetime(2027, 10, 24, 0, 30, tzinfo=UTC),
    ],
)
def test_copy_avoids_times_that_the_clocks_skip_or_repeat(
    app: Flask, admin: PageClient, monkeypatch: pytest.MonkeyPatch, original: datetime
) -> None:
    with app.app_context(), monkeypatch.context() as patch:
        set_clock(patch, original + timedelta(days=1))
        add_event(starts_at=original, ends_at=original + timedelta(hours=1))
        copy = copy_event(event_store.get_event("town-hall"))
        assert copy.starts_at > utcnow() + timedelta(weeks=1)
        assert copy.local(copy.starts_at).strftime("%a %H:%M") == "Sun 02:30"
    page = admin.get(f"/admin/events/{copy.slug}/edit")
    assert admin.submit(page, "/edit").status_code == 303


def test_overview_takes_the_same_statements_for_any_number_of_events(
    app: Flask, admin: PageClient
) -> None:
    asked = set()
    admin.get("/admin/")
    for number in range(3):
        with app.app_context():
            event, employee = add_event(f"e{number}"), add_employee(f"{number}")
            watch(event, employee)
            if not app.config["EMBEDDED"]:
                report_watching(app, event.id, [7, 8])
        with counted_statements(app) as statements:
            page = admin.get("/admin/", headers={"HX-Request": "true"})
        asked.add(len(statements))
        assert "Set-Cookie" not in page.headers
    assert len(asked) == 1
    expected = 1 if app.config["EMBEDDED"] else 2
    assert page.text.count(f'data-label="Watching">{expected}<') == 3


@pytest.mark.parametrize("settings", ["full"], indirect=True)
def test_overview_counts_the_last_minutes_without_redis(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        event, employee = add_event(), add_employee()
        watch(event, employee)
        redis_breaker().failed(ConnectionError("away"))
        assert viewer_count.count_watching([event.id]) == {event.id: 1}


def watch(event: Event, employee: Employee) -> None:
    """Check the employee in, and count them in this minute."""
    entry = db.session.get_one(RosterEntry, (event.id, employee.id))
    entry.checked_in_at = utcnow()
    db.session.commit()
    record_minute(event.id, [employee.id], minute_of(utcnow()))


def report_watching(app: Flask, event_id: int, employees: list[int]) -> None:
    """Tell Redis, as a node does, which employees are watching."""
    redis = app.extensions["redis"]
    assert Headcount(redis, "node", Breaker("Redis")).distinct(event_id, set(employees)) == 2


def test_two_admins_who_edit_different_fields_keep_both(app: Flask, admin: PageClient) -> None:
    plan(admin)
    first, second = (admin.get(f"/admin/events/{SLUG}/edit") for _ in range(2))
    assert admin.submit(first, "/edit", title="The year").status_code == 303
    assert admin.submit(second, "/edit", description="All of it").status_code == 303
    with app.app_context():
        event = db.session.scalars(select(Event)).one()
        assert (event.title, event.description) == ("The year", "All of it")


def test_two_admins_who_edit_the_same_field_are_told(app: Flask, admin: PageClient) -> None:
    plan(admin)
    first, second = (admin.get(f"/admin/events/{SLUG}/edit") for _ in range(2))
    admin.submit(first, "/edit", starts_at="2027-07-01T14:15")
    refused = admin.submit(second, "/edit", starts_at="2027-07-01T13:30", title="The year")
    assert refused.status_code == 409
    assert "Now: 2027-07-01T14:15" in text_of(refused.text)
    assert 'value="2027-07-01T13:30"' in refused.text
    with app.app_context():
        assert db.session.scalars(select(Event.title)).one() == PLAN["title"]
    # Saved again, knowing it.
    assert admin.submit(refused, "/edit").status_code == 303
    with app.app_context():
        event = db.session.scalars(select(Event)).one()
        assert event.starts_at == datetime(2027, 7, 1, 11, 30, tzinfo=UTC)


def test_a_stale_page_acts_on_nothing_that_is_gone(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        add_event(state="scheduled", starts_at=utcnow() + timedelta(minutes=5))
    pages = {"/edit": f"{TOWN_HALL}/edit", "/state": TOWN_HALL, "/remove": f"{TOWN_HALL}/remove"}
    stale = {action: admin.get(address) for action, address in pages.items()}
    admin.submit(stale["/remove"], "/remove", choice="delete")
    for action, page in stale.items():
        answer = admin.submit(page, action, state="open", choice="archive")
        assert answer.status_code == 404, action
        assert "There is no such event" in text_of(answer.text)

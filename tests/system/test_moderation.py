"""Moderation over two nodes, as viewers see it, with and without Redis."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from stack import Stack
from tests.support.meeting import Meeting
from tests.support.moderator import Moderator
from tests.support.nodes import wait_until_nodes_listen
from tests.support.viewer import Viewer
from tests.support.waiting import wait_for
from webapp.infra.clock import from_isoformat, utcnow

AGREED_SECONDS = 5


@pytest.fixture
def moderator(meeting: Meeting) -> Moderator:
    return Moderator(meeting)


@pytest.fixture
def two(stack: Stack, meeting: Meeting) -> Iterator[tuple[Viewer, Viewer]]:
    """Connect viewers on different nodes."""
    first, second = (node.url for node in stack.realtime)
    with meeting.viewer().connect(first) as ada, meeting.viewer().connect(second) as grace:
        yield ada, grace


@contextmanager
def redis_away(stack: Stack) -> Iterator[None]:
    """Kill Redis for the length of the block."""
    stack.redis.kill()
    try:
        yield
    finally:
        stack.redis.start()


def payloads(viewer: Viewer, name: str) -> list[Any]:
    return [payload for one, payload in viewer.events if one == name]


def wait_for_payload(viewer: Viewer, name: str, payload: Any, seconds: float = 10) -> None:
    wait_for(lambda: payload in payloads(viewer, name), seconds, f"{name} {payload}")


def wait_for_any(viewer: Viewer, name: str, seconds: float = 10) -> Any:
    """Return the latest payload of that event, once there is one."""
    return wait_for(lambda: payloads(viewer, name), seconds, name)[-1]


def wait_for_settings(viewer: Viewer, seconds: float = 10, **expected: Any) -> None:
    """Return when the viewer has received these settings."""
    wait_for(
        lambda: any(expected.items() <= p.items() for p in payloads(viewer, "event_changed")),
        seconds,
        str(expected),
    )


def standing(viewer: Viewer) -> dict[str, Any]:
    answer = viewer.call("messages_since", {"after": 0})
    assert answer["ok"] is True
    return answer


def hold_id(moderator: Moderator) -> str:
    return moderator.find(r"/chat/held/(\d+)/approve")


def test_a_removed_message_leaves_every_page_once(
    stack: Stack, meeting: Meeting, moderator: Moderator, two: tuple[Viewer, Viewer]
) -> None:
    removed = two[0].post("rude")["id"]
    two[1].wait_for_bodies("rude")
    moderator.press(f"messages/{removed}/remove")
    for viewer in two:
        wait_for_payload(viewer, "message_removed", {"id": removed})
    kept = two[0].post("after it")["id"]
    for viewer in two:
        viewer.wait_for_bodies("after it")
        assert payloads(viewer, "message_removed") == [{"id": removed}]
    with meeting.viewer().connect(stack.url) as late:
        caught_up = standing(late)
        assert [m["id"] for m in caught_up["messages"]] == [kept]
        assert caught_up["removed"] == [removed]


def test_a_restored_message_is_back_on_every_page(
    stack: Stack, meeting: Meeting, moderator: Moderator, two: tuple[Viewer, Viewer]
) -> None:
    restored = two[0].post("not rude at all")["id"]
    two[1].wait_for_bodies("not rude at all")
    moderator.press(f"messages/{restored}/remove")
    for viewer in two:
        wait_for_payload(viewer, "message_removed", {"id": restored})
    moderator.press(f"messages/{restored}/restore")
    for viewer in two:
        message = wait_for_any(viewer, "message_restored")
        assert (message["id"], message["body"]) == (restored, "not rude at all")
    with meeting.viewer().connect(stack.url) as late:
        caught_up = standing(late)
        assert [m["id"] for m in caught_up["messages"]] == [restored]
        assert [m["id"] for m in caught_up["restored"]] == [restored]
        assert caught_up["removed"] == []


def test_a_message_of_the_host_reaches_every_page(
    moderator: Moderator, two: tuple[Viewer, Viewer]
) -> None:
    moderator.press("messages", body="Welcome", nonce="one")
    for viewer in two:
        viewer.wait_for_bodies("Welcome")
        (message,) = wait_for_any(viewer, "messages_posted")
        assert (message["author"], message["host"]) == ("Grace Hopper", True)


def test_a_mute_holds_on_every_node(stack: Stack, meeting: Meeting, moderator: Moderator) -> None:
    first, second = (node.url for node in stack.realtime)
    email, number = meeting.employee()
    with (
        Viewer(stack.url, meeting.slug, email, number).connect(first) as here,
        Viewer(stack.url, meeting.slug, email, number).connect(second) as there,
    ):
        here.post("who am I")
        employee = moderator.find(r"/chat/employees/(\d+)/mute")
        moderator.press(f"employees/{employee}/mute", minutes="5")
        for tab in (here, there):
            error = tab.post("let me")["error"]
            assert error["code"] == "muted"
            assert 290 <= error["retry_after"] <= 300
        moderator.press(f"employees/{employee}/unmute")
        assert there.post("thank you")["ok"] is True


@pytest.fixture
def three(stack: Stack, meeting: Meeting) -> Iterator[tuple[Viewer, Viewer, Viewer]]:
    """Connect two tabs of one employee on different nodes, and a colleague."""
    first, second = (node.url for node in stack.realtime)
    email, number = meeting.employee()
    with (
        Viewer(stack.url, meeting.slug, email, number).connect(first) as here,
        Viewer(stack.url, meeting.slug, email, number).connect(second) as there,
        meeting.viewer().connect(first) as colleague,
    ):
        yield here, there, colleague


def test_a_mute_is_told_to_the_employee_alone(
    moderator: Moderator, three: tuple[Viewer, Viewer, Viewer]
) -> None:
    here, there, colleague = three
    here.post("who am I")
    employee = moderator.find(r"/chat/employees/(\d+)/mute")
    moderator.press(f"employees/{employee}/mute", minutes="5")
    until = [wait_for_any(tab, "muted_changed")["until"] for tab in (here, there)]
    assert until[0] == until[1]
    assert 290 <= (from_isoformat(until[0]) - utcnow()).total_seconds() <= 300
    assert standing(here)["muted_until"] == until[0]
    moderator.press(f"employees/{employee}/mute", minutes="event")
    moderator.press(f"employees/{employee}/unmute")
    ends = [until[0], "9999-12-31T23:59:59Z", None]
    for tab in (here, there):
        wait_for(lambda tab=tab: len(payloads(tab, "muted_changed")) == 3)
        assert payloads(tab, "muted_changed") == [{"until": end} for end in ends]
    assert standing(colleague)["muted_until"] is None
    assert payloads(colleague, "muted_changed") == payloads(colleague, "to_employee") == []


def test_a_rejection_is_told_to_the_author_alone(
    moderator: Moderator, three: tuple[Viewer, Viewer, Viewer]
) -> None:
    here, there, colleague = three
    moderator.press("settings", hold_messages="1")
    assert here.post("buy now", nonce="n1")["held"] is True
    moderator.press(f"held/{hold_id(moderator)}/reject")
    for tab in (here, there):
        assert wait_for_any(tab, "message_rejected") == {"nonce": "n1"}
    moderator.press("settings", hold_messages="0")
    colleague.post("the last word")
    colleague.wait_for_bodies("the last word")
    assert {name for name, _ in colleague.events} <= {
        "viewers_changed",
        "event_changed",
        "messages_posted",
    }


def test_slow_mode_counts_over_all_nodes(
    stack: Stack, meeting: Meeting, moderator: Moderator
) -> None:
    first, second = (node.url for node in stack.realtime)
    email, number = meeting.employee()
    with (
        Viewer(stack.url, meeting.slug, email, number).connect(first) as here,
        Viewer(stack.url, meeting.slug, email, number).connect(second) as there,
    ):
        moderator.press("settings", slow_mode_seconds="30")
        for tab in (here, there):
            wait_for_settings(tab, slow_mode_seconds=30)
        assert here.post("one")["ok"] is True
        error = there.post("two")["error"]
        assert error["code"] == "slow_down"
        assert 25 <= error["retry_after"] <= 30


def test_a_frozen_chat_is_closed_on_every_node(
    moderator: Moderator, two: tuple[Viewer, Viewer]
) -> None:
    moderator.press("settings", chat_open="0")
    for viewer in two:
        wait_for_settings(viewer, chat_open=False)
        assert viewer.post("too late")["error"]["code"] == "chat_closed"
    moderator.press("settings", chat_open="1")
    for viewer in two:
        assert viewer.post("in time")["ok"] is True


def test_an_announcement_reaches_present_and_later_viewers(
    stack: Stack, meeting: Meeting, moderator: Moderator, two: tuple[Viewer, Viewer]
) -> None:
    moderator.press("announcement", body="Lunch at noon")
    for viewer in two:
        assert set(wait_for_any(viewer, "announcement_posted")) == {"id", "body", "posted_at"}
    with meeting.viewer().connect(stack.url) as late:
        pinned = standing(late)["announcement"]
        assert pinned["body"] == "Lunch at noon"
        page = late.web.get(f"{stack.url}/events/{meeting.slug}/live", timeout=15).text
        assert "Lunch at noon" in page
    moderator.press("announcement/remove")
    for viewer in two:
        wait_for_payload(viewer, "announcement_removed", {"id": pinned["id"]})


def test_held_posts_appear_once_in_the_order_of_approval(
    stack: Stack, meeting: Meeting, moderator: Moderator, two: tuple[Viewer, Viewer]
) -> None:
    ada, grace = two
    moderator.press("settings", hold_messages="1")
    for nonce in ("n1", "n2"):
        for _ in range(2):
            answer = ada.post(f"held {nonce}", nonce=nonce)
            assert answer == {"ok": True, "id": None, "held": True}
    moderator.press("settings", hold_messages="0")
    between = grace.post("not held")["id"]
    first = hold_id(moderator)
    second = moderator.find(rf"/chat/held/((?!{first}\b)\d+)/approve")
    moderator.press(f"held/{second}/approve")
    moderator.press(f"held/{first}/approve")
    expected = ["not held", "held n2", "held n1"]
    for viewer in two:
        viewer.wait_for_bodies(*expected)
        assert viewer.bodies == expected
        ids = [message["id"] for message in viewer.messages]
        assert ids == sorted(ids)
    assert ada.post("held n1", nonce="n1") == {"ok": True, "id": ada.messages[-1]["id"]}
    with meeting.viewer().connect(stack.url) as late:
        caught_up = late.call("messages_since", {"after": between})["messages"]
        assert [m["body"] for m in caught_up] == expected[1:]


def test_changes_during_a_redis_outage_reach_everybody_soon_after(
    stack: Stack, meeting: Meeting, moderator: Moderator, two: tuple[Viewer, Viewer]
) -> None:
    removed = two[0].post("rude")["id"]
    restored = two[0].post("restored")["id"]
    moderator.press(f"messages/{restored}/remove")
    for viewer in two:
        wait_for_payload(viewer, "message_removed", {"id": restored})
    moderator.press("settings", hold_messages="1")
    assert two[1].post("held")["held"] is True
    for viewer in two:
        # A node that has not delivered a message before its removal never does.
        viewer.wait_for_bodies("rude", "restored", seconds=AGREED_SECONDS)
    with redis_away(stack):
        moderator.press(f"messages/{removed}/remove")
        # As many are removed as before: the sweep must not look at their number alone.
        moderator.press(f"messages/{restored}/restore")
        moderator.press("announcement", body="We are having trouble")
        moderator.press(f"held/{hold_id(moderator)}/approve")
        moderator.press("settings", slow_mode_seconds="10", hold_messages="0")
        muted = moderator.find(r"/chat/employees/(\d+)/mute")
        moderator.press(f"employees/{muted}/mute", minutes="event")
    wait_for(lambda: [p for v in two for p in payloads(v, "muted_changed")], AGREED_SECONDS)
    for viewer in two:
        wait_for_payload(viewer, "message_removed", {"id": removed}, AGREED_SECONDS)
        viewer.wait_for_bodies("rude", "restored", "held", seconds=AGREED_SECONDS)
        wait_for_any(viewer, "announcement_posted", AGREED_SECONDS)
        wait_for_settings(viewer, AGREED_SECONDS, slow_mode_seconds=10, hold_messages=False)
        assert viewer.bodies == ["rude", "restored", "held"]
        assert payloads(viewer, "message_removed") == [{"id": restored}, {"id": removed}]
        assert [m["id"] for m in payloads(viewer, "message_restored")] == [restored]
        assert len(payloads(viewer, "announcement_posted")) == 1
    with meeting.viewer().connect(stack.url) as late:
        assert [m["body"] for m in standing(late)["messages"]] == ["restored", "held"]
    # The next test starts with nodes that receive each other's events.
    wait_until_nodes_listen(stack)

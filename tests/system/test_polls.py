"""Polls over two nodes and the web tier, as outside programs see them."""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from stack import Stack
from tests.support.meeting import Meeting
from tests.support.polls import LUNCH, add_poll, close_poll, count_votes, rows_of
from tests.support.viewer import Viewer
from tests.support.waiting import wait_for
from webapp.domain.models import Poll, PollAnswer
from webapp.domain.polls.drafts import PollDraft
from webapp.infra.extensions import db

POLL = {"id", "question", "options", "multiple", "secret", "live_results", "state"}
SECRET = replace(LUNCH, secret=True)


def opened(meeting: Meeting, draft: PollDraft = LUNCH) -> tuple[int, list[int]]:
    with meeting.app.app_context():
        return add_poll(draft, meeting.slug)


def close(meeting: Meeting, poll_id: int) -> None:
    with meeting.app.app_context():
        close_poll(poll_id, meeting.slug)


def votes_in(meeting: Meeting, poll_id: int) -> list[int]:
    with meeting.app.app_context():
        return count_votes(poll_id)


def last(viewer: Viewer, name: str) -> Any:
    return next((payload for one, payload in reversed(viewer.events) if one == name), None)


def votes_seen(viewer: Viewer) -> list[int] | None:
    poll = last(viewer, "poll_changed")
    return poll and [option.get("votes") for option in poll["options"]]


def submit(stack: Stack, viewer: Viewer, address: str, **fields: Any) -> int:
    """Send a form of the event with its token; return the status."""
    site = f"{stack.url}/events/{viewer.slug}"
    page = viewer.web.get(f"{site}/live", timeout=10).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token, page
    form = {"csrf_token": token[1]} | fields
    answer = viewer.web.post(f"{site}/{address}", data=form, allow_redirects=False, timeout=10)
    return answer.status_code


def test_an_answer_on_one_node_is_counted_on_the_other(stack: Stack, meeting: Meeting) -> None:
    first, second = (node.url for node in stack.realtime)
    with meeting.viewer().connect(first) as ada, meeting.viewer().connect(second) as grace:
        poll_id, (soup, *_) = opened(meeting)
        for viewer in (ada, grace):
            wait_for(lambda viewer=viewer: last(viewer, "poll_changed"))
            assert set(last(viewer, "poll_changed")) == POLL | {"answers"}
        assert ada.call("answer_poll", {"id": poll_id, "options": [soup]}) == {"ok": True}
        for viewer in (ada, grace):
            wait_for(lambda viewer=viewer: votes_seen(viewer) == [1, 0, 0])
        close(meeting, poll_id)
        for viewer in (ada, grace):
            wait_for(lambda viewer=viewer: last(viewer, "poll_changed")["state"] == "closed")


def test_what_stands_comes_with_the_messages(stack: Stack, meeting: Meeting) -> None:
    poll_id, (_soup, salad, _) = opened(meeting)
    with meeting.viewer().connect(stack.url) as ada:
        stands = ada.call("messages_since", {"after": 0})
        assert (stands["poll"]["id"], stands["answered"]) == (poll_id, None)
        ada.call("answer_poll", {"id": poll_id, "options": [salad]})
        with ada.other_tab().connect(stack.url) as tab:
            stands = tab.call("messages_since", {"after": 0})
            assert stands["answered"] == {"poll": poll_id, "options": [salad]}
            wait_for(
                lambda: (
                    [
                        option["votes"]
                        for option in tab.call("messages_since", {"after": 0})["poll"]["options"]
                    ]
                    == [0, 1, 0]
                )
            )


@pytest.mark.parametrize("draft", [LUNCH, SECRET], ids=["named", "secret"])
def test_one_person_has_one_answer_whatever_is_sent(
    stack: Stack, meeting: Meeting, draft: PollDraft
) -> None:
    poll_id, options = opened(meeting, draft)
    people = [meeting.viewer() for _ in range(3)]
    with ExitStack() as open_sockets, ThreadPoolExecutor(12) as pool:
        acts: list[Callable[[], object]] = []
        for person in people:
            acts += _all_ways(stack, person, poll_id, options, open_sockets)
        for act in [pool.submit(act) for act in acts]:
            act.result()
    with meeting.app.app_context():
        rows = [row for row in rows_of(PollAnswer) if row["poll_id"] == poll_id]
    assert len(rows) == len(people)
    assert sum(votes_in(meeting, poll_id)) == len(people)
    if not draft.secret:
        recorded = [sum(row["choices"] >> place & 1 for row in rows) for place in range(3)]
        assert votes_in(meeting, poll_id) == recorded


def _all_ways(
    stack: Stack, person: Viewer, poll_id: int, options: Sequence[int], opened: ExitStack
) -> list[Callable[[], object]]:
    """Return acts that answer differently: a tab at each node, and a form."""
    tabs = [
        opened.enter_context(person.other_tab()).connect(node.url)
        for node in stack.realtime
        for _ in range(2)
    ]
    packets = [{"id": poll_id, "options": [options[place % 3]]} for place in range(4)]

    def by_socket(tab: Viewer, packet: dict[str, Any]) -> None:
        assert tab.call("answer_poll", packet)["ok"] is True

    def by_form() -> None:
        assert submit(stack, person, f"polls/{poll_id}", option=options[1]) == 303

    return [
        *(
            lambda tab=tab, packet=packet: by_socket(tab, packet)
            for tab, packet in zip(tabs, packets, strict=True)
        ),
        by_form,
    ]


def test_broken_packets_are_refused(stack: Stack, meeting: Meeting) -> None:
    poll_id, (soup, salad, _) = opened(meeting)
    bad: list[Any] = [
        {},
        {"id": poll_id},
        {"id": poll_id, "options": []},
        {"id": poll_id, "options": soup},
        {"id": poll_id, "options": [soup, soup]},
        {"id": poll_id, "options": [soup, salad]},
        {"id": poll_id, "options": [2**62]},
        {"id": poll_id, "options": [[soup]]},
        {"id": 2**62, "options": [soup]},
        {"id": "x", "options": [soup]},
    ]
    with meeting.viewer().connect(stack.url) as ada:
        codes = [ada.call("answer_poll", packet)["error"]["code"] for packet in bad]
        assert codes == ["invalid"] * len(bad)
    assert votes_in(meeting, poll_id) == [0, 0, 0]


def test_a_message_overtakes_an_answer_that_waits(stack: Stack, meeting: Meeting) -> None:
    poll_id, (soup, *_) = opened(meeting)
    locked = select(Poll.id).where(Poll.id == poll_id).with_for_update()
    with meeting.viewer().connect(stack.url) as ada, meeting.app.app_context():
        db.session.execute(locked)
        waiting = ada.emit("answer_poll", {"id": poll_id, "options": [soup]})
        assert ada.post("meanwhile")["ok"] is True
        assert waiting == []
        db.session.rollback()
        wait_for(lambda: waiting == [{"ok": True}])


def test_a_storm_of_answers_is_slowed_down(stack: Stack, meeting: Meeting) -> None:
    poll_id, options = opened(meeting)
    with meeting.viewer().connect(stack.url) as ada:
        sent = [
            ada.emit("answer_poll", {"id": poll_id, "options": [options[place % 3]]})
            for place in range(30)
        ]
        wait_for(lambda: all(sent))
        refused = [ack[0]["error"]["code"] for ack in sent if not ack[0]["ok"]]
        assert refused == ["slow_down"] * 20
    assert sum(votes_in(meeting, poll_id)) == 1


def test_a_poll_that_redis_lost_is_found_by_the_sweep(stack: Stack, meeting: Meeting) -> None:
    with meeting.viewer().connect(stack.url) as ada:
        # This process publishes nothing: it has no way to the nodes.
        meeting.app.extensions["live_publish"] = lambda *_: None
        poll_id, _ = opened(meeting)
        wait_for(lambda: (last(ada, "poll_changed") or {}).get("id") == poll_id)

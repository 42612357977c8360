"""Reactions over two nodes and the web tier: added up, limited, and kept by the minute."""

from collections import Counter
from contextlib import ExitStack

from sqlalchemy import func, select

from stack import Stack
from tests.support.meeting import Meeting
from tests.support.viewer import Viewer
from tests.support.waiting import wait_for
from tests.system.test_polls import submit
from webapp.domain.events.store import get_event
from webapp.domain.models import ReactionMinute
from webapp.infra.extensions import db


def seen(viewer: Viewer) -> Counter[str]:
    total: Counter[str] = Counter()
    for name, payload in viewer.events:
        if name == "reactions":
            total.update(payload)
    return total


def stored(meeting: Meeting) -> dict[str, int]:
    with meeting.app.app_context():
        total = func.sum(ReactionMinute.amount)
        query = select(ReactionMinute.kind, total).group_by(ReactionMinute.kind)
        here = query.where(ReactionMinute.event_id == get_event(meeting.slug).id)
        return {kind: int(amount) for kind, amount in db.session.execute(here)}


def react(viewer: Viewer, kind: str, times: int = 1) -> None:
    for _ in range(times):
        viewer.socket.emit("react", {"kind": kind}, namespace="/live")


def test_reactions_of_all_nodes_add_up(stack: Stack, meeting: Meeting) -> None:
    first, second = (node.url for node in stack.realtime)
    with meeting.viewer().connect(first) as ada, meeting.viewer().connect(second) as grace:
        react(ada, "like", 2)
        react(grace, "like")
        react(grace, "applause")
        assert submit(stack, ada, "reactions", kind="love") == 303
        expected = {"like": 3, "applause": 1, "love": 1}
        for viewer in (ada, grace):
            wait_for(lambda viewer=viewer: seen(viewer) == expected, what=f"{seen(viewer)}")
        wait_for(lambda: stored(meeting) == expected)


def test_three_reactions_of_a_person_count_in_a_second(stack: Stack, meeting: Meeting) -> None:
    person = meeting.viewer()
    with ExitStack() as opened:
        tabs = [
            opened.enter_context(person.other_tab()).connect(node.url)
            for node in stack.realtime
            for _ in range(2)
        ]
        begin = tabs[0].call("messages_since", {"after": 0})
        assert begin["ok"] is True
        for tab in tabs:
            react(tab, "laugh", 10)
        wait_for(lambda: seen(tabs[0])["laugh"] >= 3)
        wait_for(lambda: stored(meeting).get("laugh", 0) >= 3)
        # Sent at once; those that met the next second have an allowance of their own.
        assert stored(meeting)["laugh"] in (3, 6)


def test_a_storm_is_one_packet_a_second(stack: Stack, meeting: Meeting) -> None:
    with meeting.viewer().connect(stack.url) as ada, meeting.viewer().connect(stack.url) as grace:
        for _ in range(30):
            react(ada, "like")
            react(grace, "love")
        wait_for(lambda: sum(seen(ada).values()) >= 6)
        packets = [payload for name, payload in ada.events if name == "reactions"]
        assert len(packets) <= 3


def test_unknown_reactions_are_refused(stack: Stack, meeting: Meeting) -> None:
    with meeting.viewer().connect(stack.url) as ada:
        for packet in ({}, {"kind": "boo"}, {"kind": ["like"]}, {"kind": None}):
            assert ada.call("react", packet)["error"]["code"] == "invalid"
        assert submit(stack, ada, "reactions", kind="boo") == 422
    assert stored(meeting) == {}

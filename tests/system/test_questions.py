"""Questions and votes over two nodes: seen by all, counted once, limited over all tabs."""

import json
import secrets
from typing import Any

import pytest

from stack import Stack
from tests.support.meeting import Meeting, held_meeting
from tests.support.moderator import Moderator
from tests.support.nodes import wait_until_nodes_listen
from tests.support.viewer import Viewer
from tests.support.waiting import wait_for
from webapp.infra.settings import load_settings


def ask(viewer: Viewer, body: str = "Why?", **fields: Any) -> dict[str, Any]:
    packet = {"nonce": secrets.token_hex(8), "body": body} | fields
    return viewer.call("ask_question", packet)


def vote(viewer: Viewer, question_id: int, value: object = True) -> dict[str, Any]:
    return viewer.call("vote_question", {"id": question_id, "vote": value})


def questions_of(viewer: Viewer) -> dict[int, dict[str, Any]]:
    """Return the questions as the packets that arrived so far leave them."""
    known: dict[int, dict[str, Any]] = {}
    for name, payload in list(viewer.events):
        if name == "questions_changed":
            known |= {question["id"]: question for question in payload}
        elif name == "votes_changed":
            for question_id, votes in payload.items():
                known[int(question_id)]["votes"] = votes
    return known


def has_votes(viewer: Viewer, question_id: int, votes: int) -> bool:
    """Return whether the question has arrived with this number of votes."""
    return questions_of(viewer).get(question_id, {}).get("votes") == votes


def is_in_state(viewer: Viewer, question_id: int, state: str) -> bool:
    return questions_of(viewer).get(question_id, {}).get("state") == state


def test_a_question_and_its_votes_reach_every_node(stack: Stack, meeting: Meeting) -> None:
    first, second = (node.url for node in stack.realtime)
    with meeting.viewer().connect(first) as ada, meeting.viewer().connect(second) as grace:
        question_id = ask(ada)["id"]
        wait_for(lambda: question_id in questions_of(grace))
        assert vote(ada, question_id) == {"ok": True, "votes": 1}
        assert vote(grace, question_id) == {"ok": True, "votes": 2}
        assert vote(grace, question_id) == {"ok": True, "votes": 2}
        for viewer in (ada, grace):
            wait_for(lambda v=viewer: has_votes(v, question_id, 2))
        assert vote(grace, question_id, False) == {"ok": True, "votes": 1}
        wait_for(lambda: has_votes(ada, question_id, 1))


def test_what_stands_comes_with_messages_since(stack: Stack, meeting: Meeting) -> None:
    first, second = (node.url for node in stack.realtime)
    with meeting.viewer() as ada, meeting.viewer().connect(second) as grace:
        ada.connect(first)
        question_id = ask(ada)["id"]
        wait_for(lambda: question_id in questions_of(grace))
        vote(grace, question_id)
        answers = [viewer.call("messages_since", {"after": 0}) for viewer in (ada, grace)]
        for answer in answers:
            assert "questions" in answer, answer
            (question,) = answer["questions"]
            assert (question["id"], question["state"]) == (question_id, "open")
            assert not [name for name in question if "revision" in name]
        assert [answer["voted"] for answer in answers] == [[], [question_id]]
        assert [answer["asked"] for answer in answers] == [[question_id], []]


def test_the_same_nonce_makes_one_question_on_both_nodes(stack: Stack, meeting: Meeting) -> None:
    first, second = (node.url for node in stack.realtime)
    ada = meeting.viewer()
    with ada.connect(first), ada.other_tab().connect(second) as tab:
        packet = {"nonce": "same", "body": "Why?"}
        answers = [viewer.emit("ask_question", packet) for viewer in (ada, tab, ada, tab)]
        wait_for(lambda: all(answers))
        ids = {answer["id"] for (answer,) in answers}
        assert len(ids) == 1


def test_the_limit_of_votes_holds_over_nodes_and_tabs(stack: Stack, meeting: Meeting) -> None:
    first, second = (node.url for node in stack.realtime)
    ada = meeting.viewer()
    with ada.connect(first), ada.other_tab().connect(second) as tab:
        question_id = ask(ada)["id"]
        answers = [
            viewer.emit("vote_question", {"id": question_id, "vote": number % 2 == 0})
            for number in range(8)
            for viewer in (ada, tab)
        ]
        wait_for(lambda: all(answers))
        taken = [one for (one,) in answers if one["ok"]]
        refused = {one["error"]["code"] for (one,) in answers if not one["ok"]}
        assert (len(taken), refused) == (10, {"slow_down"})


def test_a_form_and_a_socket_count_one_person_once(stack: Stack, meeting: Meeting) -> None:
    ada = meeting.viewer()
    with ada.connect(stack.realtime[0].url):
        question_id = ask(ada)["id"]
        address = f"{meeting.site}/events/{meeting.slug}/questions"
        form_vote(ada, address, question_id)
        assert vote(ada, question_id) == {"ok": True, "votes": 1}
        wait_for(lambda: has_votes(ada, question_id, 1))


def form_vote(viewer: Viewer, address: str, question_id: int) -> None:
    page = viewer.web.get(address, timeout=10).text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    data = {"csrf_token": token, "vote": "1"}
    answer = viewer.web.post(
        f"{address}/{question_id}/vote", data=data, allow_redirects=False, timeout=10
    )
    assert answer.status_code == 303, answer.text


BROKEN: list[tuple[str, Any]] = [
    ("ask_question", {}),
    ("ask_question", {"nonce": "n", "body": ""}),
    ("ask_question", {"nonce": "n", "body": "x" * 501}),
    ("ask_question", {"nonce": "n", "body": ["Why?"]}),
    ("ask_question", {"nonce": "", "body": "Why?"}),
    ("ask_question", {"nonce": "n", "body": "Why?", "anonymous": "yes"}),
    ("ask_question", {"nonce": "n", "body": "Why?", "anonymous": True}),
    ("ask_question", "Why?"),
    ("vote_question", {}),
    ("vote_question", {"id": 1}),
    ("vote_question", {"id": "x", "vote": True}),
    ("vote_question", {"id": -1, "vote": True}),
    ("vote_question", {"id": 10**18, "vote": True}),
    ("vote_question", {"id": 10**30, "vote": True}),
    ("vote_question", [1, True]),
]


@pytest.mark.parametrize(("name", "packet"), BROKEN)
def test_a_broken_packet_is_refused(stack: Stack, meeting: Meeting, name: str, packet: Any) -> None:
    with meeting.viewer().connect(stack.realtime[0].url) as ada:
        answer = ada.call(name, packet)
        assert answer["ok"] is False
        assert answer["error"]["code"] == "invalid"
        assert ada.post("Still here")["ok"]


def test_a_vote_for_a_question_of_another_event_is_refused(stack: Stack, meeting: Meeting) -> None:
    with (
        held_meeting(load_settings(stack.settings), stack.url) as other,
        meeting.viewer().connect(stack.realtime[0].url) as ada,
        other.viewer().connect(stack.realtime[1].url) as stranger,
    ):
        question_id = ask(ada)["id"]
        assert vote(stranger, question_id)["error"]["code"] == "invalid"
        assert vote(ada, question_id) == {"ok": True, "votes": 1}


def test_without_redis_the_sweep_brings_questions_and_votes(stack: Stack, meeting: Meeting) -> None:
    first, second = (node.url for node in stack.realtime)
    with meeting.viewer().connect(first) as ada, meeting.viewer().connect(second) as grace:
        stack.redis.kill()
        try:
            question_id = ask(ada)["id"]
            wait_for(lambda: question_id in questions_of(grace))
            assert vote(ada, question_id) == {"ok": True, "votes": 1}
            wait_for(lambda: has_votes(grace, question_id, 1))
            assert vote(grace, question_id) == {"ok": True, "votes": 2}
        finally:
            stack.redis.start()
            wait_until_nodes_listen(stack)
        wait_for(lambda: has_votes(ada, question_id, 2))


def test_moderation_reaches_every_page_and_a_decision_its_author_alone(
    stack: Stack, meeting: Meeting
) -> None:
    moderator = Moderator(meeting)
    desk = f"{meeting.site}/admin/events/{meeting.slug}/questions"
    moderator.page = desk
    moderator.press("settings", hold_questions="1", anonymous_questions="1")
    first, second = (node.url for node in stack.realtime)
    with meeting.viewer().connect(first) as ada, meeting.viewer().connect(second) as grace:
        held = {"nonce": "held", "body": "Who is to blame?", "anonymous": True}
        assert ada.call("ask_question", held) == {"ok": True, "id": None, "held": True}
        question_id = int(moderator.find(r'id="question-(\d+)"'))
        assert vote(grace, question_id)["error"]["code"] == "invalid"
        moderator.press(f"{question_id}/approve")
        wait_for(lambda: question_id in questions_of(grace))
        wait_for(lambda: ("question_decided", {"nonce": "held"}) in ada.events)
        assert ada.call("ask_question", held) == {"ok": True, "id": question_id}
        moderator.press(f"{question_id}/answering")
        for viewer in (ada, grace):
            wait_for(lambda v=viewer: is_in_state(v, question_id, "answering"))
        moderator.press(f"{question_id}/hide")
        for viewer in (ada, grace):
            wait_for(lambda v=viewer: is_in_state(v, question_id, "hidden"))
        assert vote(grace, question_id)["error"]["code"] == "invalid"
        # No packet to a colleague has the author or the text of a hidden question.
        assert questions_of(grace)[question_id]["body"] == ""
        assert "question_decided" not in [name for name, _ in grace.events]
        number = ada.call("messages_since", {"after": 0})["asked"]
        assert number == [question_id]
        packets = json.dumps(grace.events)
        assert "Number" not in packets
        assert "Lovelace" not in packets

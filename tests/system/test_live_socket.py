"""The live socket over two nodes, as an outside program sees it."""

from contextlib import ExitStack
from typing import Any

import pytest
import socketio
from sqlalchemy import select

from stack import Stack
from tests.support.data import MESSAGE_FIELDS
from tests.support.meeting import Meeting
from tests.support.viewer import NAMESPACE, Viewer
from tests.support.waiting import wait_for
from webapp.domain.employees.directory import end_of_access, forget_employees
from webapp.domain.events.store import get_event
from webapp.domain.models import Employee
from webapp.domain.running.states import change_state
from webapp.i18n import COOKIE
from webapp.infra.allowance import READS_SECONDS
from webapp.infra.extensions import db


def test_a_message_written_on_one_node_appears_on_the_other(stack: Stack, meeting: Meeting) -> None:
    first, second = (node.url for node in stack.realtime)
    with meeting.viewer().connect(first) as ada, meeting.viewer().connect(second) as grace:
        ack = ada.post("across the nodes")
        assert ack["ok"] is True
        for viewer in (ada, grace):
            viewer.wait_for_bodies("across the nodes")
            assert [m["id"] for m in viewer.messages] == [ack["id"]]
            assert set(viewer.messages[0]) == MESSAGE_FIELDS


def test_the_cookies_of_other_applications_pass(stack: Stack, meeting: Meeting) -> None:
    with meeting.viewer() as ada:
        ada.web.cookies.update({f"portal{n}": "x" * 4000 for n in range(6)})
        page = ada.web.get(f"{stack.url}/events/{meeting.slug}/live", timeout=10)
        assert (page.status_code, page.history) == (200, [])
        assert ada.connect(stack.url).post("with large cookies")["ok"]


def test_a_message_posted_by_form_appears_on_every_node(stack: Stack, meeting: Meeting) -> None:
    with (
        meeting.viewer().connect(stack.realtime[0].url) as ada,
        meeting.viewer().connect(stack.realtime[1].url) as grace,
    ):
        page = ada.web.get(f"{stack.url}/events/{meeting.slug}/live", timeout=10).text
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        ada.web.post(
            f"{stack.url}/events/{meeting.slug}/messages",
            data={"csrf_token": token, "body": "by form", "nonce": "form-1"},
            timeout=10,
        )
        ada.wait_for_bodies("by form")
        grace.wait_for_bodies("by form")


def test_both_transports_work_through_nginx(stack: Stack, meeting: Meeting) -> None:
    with (
        meeting.viewer().connect(stack.url, "websocket") as ada,
        meeting.viewer().connect(stack.url, "polling") as grace,
    ):
        grace.post("by polling")
        ada.post("by websocket")
        for viewer in (ada, grace):
            viewer.wait_for_bodies("by polling", "by websocket")


def test_the_same_nonce_is_one_message(stack: Stack, meeting: Meeting) -> None:
    with meeting.viewer().connect(stack.realtime[0].url) as ada:
        first = ada.post("once", nonce="n1")
        assert ada.post("once", nonce="n1") == first
        assert ada.post("once more", nonce="n1")["error"]["code"] == "invalid"
        ada.post("the last", nonce="n2")
        ada.wait_for_bodies("the last")
        assert ada.bodies == ["once", "the last"]


def test_catching_up_is_oldest_first_and_paged(stack: Stack, meeting: Meeting) -> None:
    with meeting.viewer().connect(stack.url) as ada:
        ids = [ada.post(f"number {n}")["id"] for n in range(4)]
        answer = ada.call("messages_since", {"after": ids[1]})
        assert [m["id"] for m in answer["messages"]] == ids[2:]
        assert answer["more"] is False


def test_watching_counts_employees_and_not_sockets(stack: Stack, meeting: Meeting) -> None:
    first, second = (node.url for node in stack.realtime)
    email, number = meeting.employee()
    with (
        Viewer(stack.url, meeting.slug, email, number).connect(first) as ada,
        Viewer(stack.url, meeting.slug, email, number).connect(second),
        meeting.viewer().connect(second) as grace,
    ):
        wait_for(lambda: ada.watching == 2, what="both nodes to count two")
        wait_for(lambda: grace.watching == 2)
    with meeting.viewer().connect(first) as late:
        wait_for(lambda: late.watching == 1, seconds=20, what="who left to be gone")


def refused(viewer: Viewer, address: str, **changes: Any) -> dict[str, Any]:
    """Try to connect; the code and message of the refusal."""
    refusals: list[dict[str, Any]] = []
    viewer.socket.on("connect_error", refusals.append, namespace=NAMESPACE)
    arguments: dict[str, Any] = {
        "headers": {"Cookie": viewer.cookie},
        "auth": {"event": viewer.slug},
    }
    with pytest.raises(socketio.exceptions.ConnectionError):
        viewer.socket.connect(
            address,
            **(arguments | changes),
            namespaces=[NAMESPACE],
            transports=["websocket"],
            wait_timeout=5,
        )
    wait_for(lambda: refusals)
    data: dict[str, Any] = refusals[0]["data"]
    return data


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"headers": {}}, "not_checked_in"),
        ({"headers": {"Cookie": "townhall=forged"}}, "not_checked_in"),
        ({"auth": {"event": "nowhere"}}, "invalid"),
        ({"auth": None}, "invalid"),
        ({"auth": {"event": 7}}, "invalid"),
    ],
)
def test_a_refused_connection_says_why(
    stack: Stack, meeting: Meeting, changes: dict[str, Any], code: str
) -> None:
    with meeting.viewer() as viewer:
        refusal = refused(viewer, stack.realtime[0].url, **changes)
        assert refusal["code"] == code
        assert refusal["message"]


def test_a_closed_event_refuses_and_tells_who_watches(stack: Stack, meeting: Meeting) -> None:
    with meeting.viewer().connect(stack.url) as ada, meeting.viewer() as late:
        close_event(stack, meeting)
        wait_for(lambda: ("event_changed", "closed") in [(e, p.get("state")) for e, p in told(ada)])
        assert ada.post("too late")["error"]["code"] == "event_not_open"
        assert refused(late, stack.url)["code"] == "event_not_open"


def test_who_was_deactivated_meanwhile_is_refused_on_the_open_socket(
    stack: Stack, meeting: Meeting
) -> None:
    email, number = meeting.employee()
    with Viewer(stack.url, meeting.slug, email, number).connect(stack.url) as ada:
        assert ada.post("still here")["ok"] is True
        with meeting.app.app_context():
            # As by an import, but what tells the nodes to close the socket is lost.
            employee = db.session.scalars(select(Employee).filter_by(email=email)).one()
            db.session.execute(end_of_access([employee.id]))
            db.session.commit()
            forget_employees([employee.id])
        answer = ada.post("no longer here")
        assert answer["ok"] is False
        assert answer["error"]["code"] == "not_checked_in"
        assert [m["body"] for m in ada.messages if m["body"] == "no longer here"] == []


def told(viewer: Viewer) -> list[tuple[str, dict[str, Any]]]:
    return [(event, payload) for event, payload in viewer.events if isinstance(payload, dict)]


def close_event(stack: Stack, meeting: Meeting) -> None:
    from webapp.app import create_app
    from webapp.infra.settings import load_settings

    app = create_app(load_settings(stack.settings))
    with app.app_context():
        change_state(get_event(meeting.slug), "closed")


@pytest.mark.parametrize(
    "packet",
    [
        (),
        ("text",),
        (None,),
        ([1, 2],),
        ({},),
        ({"body": "no nonce"},),
        ({"nonce": "n", "body": ""},),
        ({"nonce": "n", "body": 5},),
        ({"nonce": {"a": 1}, "body": "x"},),
        ({"nonce": "n", "body": "x" * 501},),
        ({"nonce": "n", "body": "one"}, {"nonce": "m", "body": "two"}),
    ],
)
def test_a_packet_that_is_no_message_is_refused_and_costs_nothing(
    stack: Stack, meeting: Meeting, packet: tuple[Any, ...]
) -> None:
    with meeting.viewer().connect(stack.realtime[0].url) as ada:
        refusal = ada.call("post_message", *packet)
        assert (refusal["ok"], refusal["error"]["code"]) == (False, "invalid")
        assert ada.post("still here")["ok"] is True


def test_an_unknown_event_is_refused(stack: Stack, meeting: Meeting) -> None:
    with meeting.viewer().connect(stack.realtime[0].url) as ada:
        assert ada.call("make_coffee", {})["error"]["code"] == "invalid"
        assert ada.call("messages_since", {"after": "x"})["error"]["code"] == "invalid"


def test_five_messages_in_ten_seconds_over_all_nodes(stack: Stack, meeting: Meeting) -> None:
    first, second = (node.url for node in stack.realtime)
    email, number = meeting.employee()
    with (
        Viewer(stack.url, meeting.slug, email, number).connect(first) as here,
        Viewer(stack.url, meeting.slug, email, number).connect(second) as there,
    ):
        answers = [tab.post(str(n)) for n, tab in enumerate([here, there] * 3)]
        assert [answer["ok"] for answer in answers] == [True] * 5 + [False]
        error = answers[-1]["error"]
        assert error["code"] == "slow_down"
        assert 1 <= error["retry_after"] <= 10


def test_an_employee_has_ten_sockets_on_a_node(stack: Stack, meeting: Meeting) -> None:
    node = stack.realtime[0].url
    email, number = meeting.employee()
    with Viewer(stack.url, meeting.slug, email, number) as ada, ExitStack() as open_sockets:
        tabs = [open_sockets.enter_context(ada.other_tab().connect(node)) for _ in range(10)]
        late = open_sockets.enter_context(ada.other_tab())
        assert refused(late, node)["code"] == "slow_down"
        with meeting.viewer().connect(node) as grace:
            assert grace.post("unharmed")["ok"] is True
        tabs[0].socket.disconnect()
        wait_for(lambda: is_accepted(open_sockets.enter_context(ada.other_tab()), node))


def is_accepted(viewer: Viewer, address: str) -> bool:
    try:
        viewer.connect(address)
    except socketio.exceptions.ConnectionError:
        return False
    return True


def test_reading_without_pause_is_refused_and_holds_up_nobody(
    stack: Stack, meeting: Meeting
) -> None:
    node = stack.realtime[0].url
    with meeting.viewer().connect(node) as ada, meeting.viewer().connect(node) as grace:
        flood = [ada.emit("messages_since", {"after": 0}) for _ in range(200)]
        assert grace.call("messages_since", {"after": 0})["ok"] is True
        assert grace.post("unharmed")["ok"] is True
        wait_for(lambda: all(flood), what="an answer to each")
        refusals = [answer["error"] for (answer,) in flood if not answer["ok"]]
        assert 150 <= len(refusals) <= 180
        assert {error["code"] for error in refusals} == {"slow_down"}
        assert all(1 <= error["retry_after"] <= READS_SECONDS for error in refusals)
        assert ada.post("still here")["ok"] is True


def test_checking_out_closes_the_sockets_of_the_cookie(stack: Stack, meeting: Meeting) -> None:
    with meeting.viewer().connect(stack.realtime[0].url) as ada:
        page = ada.web.get(f"{stack.url}/events/{meeting.slug}/live", timeout=10).text
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        ada.web.post(f"{stack.url}/check-out", data={"csrf_token": token}, timeout=10)
        wait_for(lambda: not ada.socket.connected, what="the socket to close")


def test_acknowledgements_are_in_the_language_of_their_viewer(
    stack: Stack, meeting: Meeting
) -> None:
    ada, grace = meeting.viewer(), meeting.viewer()
    ada.web.cookies.set(COOKIE, "de")
    with ada.connect(stack.url), grace.connect(stack.url):
        # Refused by one batch of the writer, which serves both.
        refusals = [
            viewer.emit("post_message", {"nonce": "n", "body": ""}) for viewer in (ada, grace)
        ]
        wait_for(lambda: all(refusals))
        german, english = (refusal[0]["error"]["message"] for refusal in refusals)
        assert (german, english) == ("Schreiben Sie zuerst etwas.", "Write something first.")
        assert (
            ada.call("make_coffee", {})["error"]["message"] == "Dieser Ereignisname ist unbekannt."
        )

"""Handle the events of the chat, and the question how everything stands."""

from collections.abc import Callable

from realtime.fanout.fanout import Fanout
from realtime.fanout.registry import Connection
from realtime.handlers.access import Access
from realtime.handlers.packets import Packet, Respond, answer_of
from realtime.writer import Writer
from webapp.domain.chat.posts import Draft, Receipt
from webapp.errors import TownhallError
from webapp.infra.ids import parse_id
from webapp.infra.metrics import MESSAGES, result_of


class ChatHandlers:
    """The events `post_message` and `messages_since`."""

    def __init__(self, access: Access, fanout: Fanout, writer: Writer[Draft, Receipt]) -> None:
        self._access = access
        self._fanout = fanout
        self._writer = writer

    def on_post_message(self, connection: Connection, packet: Packet, respond: Respond) -> None:
        # The author and their right to post are checked in the transaction of the batch.
        draft = Draft(
            connection.event.slug,
            connection.viewer,
            packet.get("body"),
            packet.get("nonce"),
            moderator=self._access.moderates(connection),
        )
        answer = _counted(respond)
        try:
            self._writer.put(draft, answer)
        except TownhallError as refused:
            answer(refused)

    def on_messages_since(self, connection: Connection, packet: Packet, respond: Respond) -> None:
        self._access.take_read(connection.viewer.employee.id)
        after = parse_id(packet.get("after"), "after")
        self._access.recheck(connection)
        respond({"ok": True} | self._fanout.catch_up(connection, after))


def _counted(respond: Respond) -> Callable[[Receipt | TownhallError], None]:
    """Return the function that counts how a post ended, and acknowledges it."""

    def answer(outcome: Receipt | TownhallError) -> None:
        MESSAGES.labels(_result_of(outcome)).inc()
        respond(answer_of(outcome))

    return answer


def _result_of(outcome: Receipt | TownhallError) -> str:
    if isinstance(outcome, TownhallError):
        return result_of(outcome)
    return "held" if outcome.id is None else "stored"

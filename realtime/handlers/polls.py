"""Handle answers to polls."""

from realtime.fanout.registry import Connection
from realtime.handlers.packets import Packet, Respond, answer_of, let_overtake, quick
from realtime.writer import Writer
from webapp.domain.polls.answers import Answer, Counted


class PollHandlers:
    """The event `answer_poll`."""

    def __init__(self, writer: Writer[Answer, Counted]) -> None:
        self._writer = writer

    @quick
    def on_answer_poll(self, connection: Connection, packet: Packet, respond: Respond) -> None:
        # The viewer's right to answer is checked in the transaction of the batch.
        slug, viewer = connection.event.slug, connection.viewer
        answer = Answer(slug, viewer, packet.get("id"), packet.get("options"))
        self._writer.put(answer, lambda outcome: respond(answer_of(outcome)))
        let_overtake(respond)

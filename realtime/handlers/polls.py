"""Handle answers to polls."""

from flask import Flask

from realtime.fanout.registry import Connection
from realtime.handlers.packets import Packet, Respond, answer_of
from realtime.writer import Writer
from webapp.domain.polls.answers import Answer, Counted
from webapp.infra.allowance import Allowance


class PollHandlers:
    """The event `answer_poll`."""

    def __init__(self, app: Flask, writer: Writer[Answer, Counted]) -> None:
        self._answers: Allowance = app.extensions["answers"]
        self._writer = writer

    def on_answer_poll(self, connection: Connection, packet: Packet, respond: Respond) -> None:
        # The viewer's right to answer is checked in the transaction of the batch.
        viewer = connection.viewer
        self._answers.take(viewer.employee.id)
        answer = Answer(connection.event.slug, viewer, packet.get("id"), packet.get("options"))
        self._writer.put(answer, lambda outcome: respond(answer_of(outcome)))

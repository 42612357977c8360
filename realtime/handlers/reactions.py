"""Handle reactions."""

from realtime.fanout.registry import Connection
from realtime.handlers.packets import Packet, Respond, quick
from realtime.reactions import Reactions
from webapp.domain.reactions.kinds import parse_kind


class ReactionHandlers:
    """The event `react`, which has no acknowledgement: one that is lost is not worth a packet."""

    def __init__(self, reactions: Reactions) -> None:
        self._reactions = reactions

    @quick
    def on_react(self, connection: Connection, packet: Packet, respond: Respond) -> None:
        employee_id = connection.viewer.employee.id
        self._reactions.add(connection.event.slug, employee_id, parse_kind(packet.get("kind")))
        # The transport waits for this, and sends it to a client that asked for it.
        respond({"ok": True})

"""React without a socket: one reaction of one viewer at a time."""

from webapp.domain.attendance.checkin import Viewer
from webapp.domain.events.store import EventInfo
from webapp.domain.reactions.kinds import parse_kind
from webapp.domain.reactions.limits import claim
from webapp.domain.reactions.tally import Tally
from webapp.errors import EventNotOpen, SlowDown
from webapp.infra.clock import utcnow
from webapp.infra.publisher import publish

_tally = Tally()


def react(event: EventInfo, viewer: Viewer, kind: object) -> None:
    """Count a reaction, and show it to everybody with those of the same second.

    Raise `EventNotOpen`, `Invalid` for an unknown kind, or `SlowDown` for the fourth in a second.
    """
    wanted = parse_kind(kind)
    if not event.is_open:
        raise EventNotOpen
    employee_id = viewer.employee.id
    if not claim(event.id, int(utcnow().timestamp()), {employee_id: 1})[employee_id]:
        raise SlowDown("You can react three times a second.", retry_after=1)
    publish(event.slug, "reactions", {wanted: 1})
    _tally.add(event.id, {wanted: 1})
    _tally.store()

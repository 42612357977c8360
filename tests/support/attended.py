"""Add employees who attended an event, with given minutes."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import update

from tests.support.data import add_employee
from webapp.domain.attendance import checkin
from webapp.domain.attendance.minutes import record_minute
from webapp.domain.events.store import get_event
from webapp.domain.models import RosterEntry
from webapp.infra.clock import minute_of
from webapp.infra.extensions import db
from webapp.infra.rate_limit import Client


def attend(number: str, checked_in_at: datetime, minutes: Iterable[int] = (), **values: Any) -> int:
    """Add an employee who checks in to the open event `town-hall` and watches `minutes`.

    The minutes count from the one of the check-in. Returns the employee's id.
    """
    employee, event = add_employee(number, **values), get_event("town-hall")
    checkin.check_in(event, employee.email, number, Client("192.0.2.1"))
    for minute in minutes:
        record_minute(event.id, [employee.id], minute_of(checked_in_at) + minute)
    theirs = RosterEntry.employee_id == employee.id
    db.session.execute(update(RosterEntry).where(theirs).values(checked_in_at=checked_in_at))
    db.session.commit()
    return employee.id

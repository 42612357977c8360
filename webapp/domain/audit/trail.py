"""The audit log: who did what, and when.

An entry is a row of the transaction that makes the change, so that neither is there without the
other. Who acts is said once a request, by the check that the view is for admins.
"""

import json
import uuid

from flask import g, has_request_context
from sqlalchemy import insert

from webapp.domain.models import SUBJECT_LENGTH, AuditEntry
from webapp.infra.clock import utcnow
from webapp.infra.database import retry_on_outage, unit_of_work
from webapp.infra.extensions import db

# Every action there is, and how the page says it.
ACTIONS = {
    "signed_in": "Signed in",
    "signed_out": "Signed out",
    "signed_out_everywhere": "Signed out everywhere",
    "admin_created": "Added an admin",
    "event_created": "Planned an event",
    "event_edited": "Edited an event",
    "event_opened": "Opened an event",
    "event_closed": "Closed an event",
    "chat_settings_changed": "Changed the chat's settings",
    "message_removed": "Removed a message",
    "message_approved": "Approved a message",
    "message_rejected": "Rejected a message",
    "employee_muted": "Muted an employee",
    "employee_unmuted": "Unmuted an employee",
    "announcement_pinned": "Pinned an announcement",
    "announcement_unpinned": "Took down an announcement",
    "transcript_exported": "Exported a transcript",
    "attendance_corrected": "Corrected an attendance",
    "roster_exported": "Exported a roster",
    "employees_imported": "Imported employees",
    "employee_added": "Added an employee",
    "employee_changed": "Changed an employee",
    "minutes_pruned": "Reduced old minutes to totals",
}


def act_as(admin_id: int) -> None:
    """Say who acts from here to the end of the request; commands are the operator's."""
    g.acting_admin = admin_id


def record(
    action: str, *, event_id: int | None = None, subject: str = "", **details: object
) -> None:
    """Add an entry to the transaction under way; who makes the change commits both.

    `action` is a key of `ACTIONS`, `subject` what was acted upon where that is no event,
    `details` whatever JSON can say; `[before, after]` for what changed.
    A unit of work that is retried records itself once.
    """
    row = {
        "unit": str(uuid.uuid5(unit_of_work(), f"{action} {event_id} {subject}")),
        "at": utcnow(),
        "admin_id": _acting_admin(),
        "action": action,
        "event_id": event_id,
        "subject": subject[:SUBJECT_LENGTH],
        "details": json.dumps(details, ensure_ascii=False, default=str),
    }
    assert action in ACTIONS, action  # noqa: S101 - the page could not say it
    statement = insert(AuditEntry).prefix_with("IGNORE", dialect="mysql")
    db.session.execute(statement.prefix_with("OR IGNORE", dialect="sqlite"), row)


@retry_on_outage
def record_now(
    action: str, *, event_id: int | None = None, subject: str = "", **details: object
) -> None:
    """The same in a transaction of its own, for what changes no row: before an export begins."""
    record(action, event_id=event_id, subject=subject, **details)
    db.session.commit()


def _acting_admin() -> int | None:
    admin_id: int | None = g.get("acting_admin")
    assert admin_id or not has_request_context(), "nobody said who acts"  # noqa: S101
    return admin_id

"""Write the audit log: which admin did what, and when.

An entry is a row of the transaction that makes the change, so that neither exists without the
other. The acting admin is named once a request, by the check that the view requires an admin.
"""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import insert

from webapp.domain.models import SUBJECT_LENGTH, AuditEntry
from webapp.i18n import lazy
from webapp.infra.clock import utcnow
from webapp.infra.database import retry_on_outage, unit_of_work
from webapp.infra.extensions import db

# The id of no admin: a request has to name one before it changes anything.
UNKNOWN = 0
_acting: ContextVar[int | None] = ContextVar("acting admin", default=None)

# Every action, and how the page names it.
ACTIONS = {
    "signed_in": lazy("Signed in"),
    "audit_exported": lazy("Exported the audit log"),
    "signed_out": lazy("Signed out"),
    "signed_out_everywhere": lazy("Signed out everywhere"),
    "admin_created": lazy("Added an admin"),
    "admin_invited": lazy("Invited an admin"),
    "admin_invitation_withdrawn": lazy("Withdrew an invitation"),
    "admin_invitation_accepted": lazy("Accepted an invitation"),
    "admin_role_changed": lazy("Changed the role of an admin"),
    "admin_password_changed": lazy("Changed their own password"),
    "admin_removed": lazy("Removed an admin"),
    "event_created": lazy("Planned an event"),
    "event_edited": lazy("Edited an event"),
    "event_opened": lazy("Opened an event"),
    "event_closed": lazy("Closed an event"),
    "event_archived": lazy("Archived an event"),
    "event_restored": lazy("Restored an archived event"),
    "event_deleted": lazy("Deleted an event"),
    "chat_settings_changed": lazy("Changed the chat's settings"),
    "message_removed": lazy("Removed a message"),
    "message_restored": lazy("Restored a message"),
    "message_posted_as_host": lazy("Posted a message as the host"),
    "message_approved": lazy("Approved a message"),
    "message_rejected": lazy("Rejected a message"),
    "message_held_again": lazy("Took back the rejection of a message"),
    "employee_muted": lazy("Muted an employee"),
    "employee_unmuted": lazy("Unmuted an employee"),
    "announcement_pinned": lazy("Pinned an announcement"),
    "announcement_unpinned": lazy("Took down an announcement"),
    "questions_settings_changed": lazy("Changed the settings of questions"),
    "question_approved": lazy("Approved a question"),
    "question_rejected": lazy("Rejected a question"),
    "question_answering": lazy("Called a question to be answered"),
    "question_answered": lazy("Marked a question as answered"),
    "question_reopened": lazy("Opened a question again"),
    "question_hidden": lazy("Hid a question"),
    "question_edited": lazy("Corrected a question"),
    "questions_merged": lazy("Merged two questions"),
    "question_author_revealed": lazy("Had the author of an anonymous question revealed"),
    "questions_exported": lazy("Exported questions"),
    "poll_created": lazy("Prepared a poll"),
    "poll_edited": lazy("Changed a prepared poll"),
    "poll_discarded": lazy("Threw a prepared poll away"),
    "poll_opened": lazy("Opened a poll"),
    "poll_closed": lazy("Closed a poll"),
    "poll_reopened": lazy("Opened a closed poll again"),
    "polls_exported": lazy("Exported polls"),
    "transcript_exported": lazy("Exported a transcript"),
    "attendance_corrected": lazy("Corrected an attendance"),
    "attendances_corrected": lazy("Corrected several attendances"),
    "attendance_correction_undone": lazy("Took corrections of attendance back"),
    "comparison_exported": lazy("Exported a comparison of two events"),
    "roster_exported": lazy("Exported a roster"),
    "employees_imported": lazy("Imported employees"),
    "employees_import_broken_off": lazy("Stored a part of an import"),
    "employee_added": lazy("Added an employee"),
    "employee_changed": lazy("Changed an employee"),
    "employee_exported": lazy("Exported the data of a person"),
    "employee_erased": lazy("Erased a person"),
    "minutes_pruned": lazy("Reduced old minutes to totals"),
}


@contextmanager
def acting_as(admin_id: int | None) -> Iterator[None]:
    """Name the acting admin of this block; None is an operator with a command."""
    token = _acting.set(admin_id)
    try:
        yield
    finally:
        _acting.reset(token)


def acting_admin() -> int | None:
    """Return the id of the acting admin, or None for an operator.

    Raises `AssertionError` in a request that has not named anybody.
    """
    admin_id = _acting.get()
    assert admin_id != UNKNOWN, "no admin was named"  # noqa: S101 - a mistake in our code
    return admin_id


def record(
    action: str, *, event_id: int | None = None, subject: str = "", **details: object
) -> None:
    """Add an entry to the current transaction, which the caller commits.

    `action` is a key of `ACTIONS`. `subject` names the object of the action unless that is the
    event. `details` are JSON values, `[before, after]` for a change. A unit of work that is
    retried is recorded once.
    """
    row = {
        "unit": str(uuid.uuid5(unit_of_work(), f"{action} {event_id} {subject}")),
        "at": utcnow(),
        "admin_id": acting_admin(),
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
    """Record an action that changes no row, such as an export, in a transaction of its own."""
    record(action, event_id=event_id, subject=subject, **details)
    db.session.commit()

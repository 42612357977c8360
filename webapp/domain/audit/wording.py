"""Say in words what an entry of the audit log is about."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from webapp.domain.audit.objects import Objects, Quoted, key_of
from webapp.domain.audit.trail import ACTIONS
from webapp.domain.models import AuditEntry
from webapp.i18n import gettext as _
from webapp.i18n import lazy
from webapp.infra.formats import format_moment

# A sentence for each action that has an object; the others are called as in `ACTIONS`.
SENTENCES = {
    "admin_created": lazy("Added the admin %(subject)s"),
    "admin_invited": lazy("Invited %(subject)s as an admin"),
    "admin_invitation_withdrawn": lazy("Withdrew the invitation of %(subject)s"),
    "admin_invitation_accepted": lazy("Accepted the invitation of %(subject)s"),
    "admin_role_changed": lazy("Changed the role of %(subject)s"),
    "admin_removed": lazy("Removed the admin %(subject)s"),
    "event_deleted": lazy("Deleted the event %(subject)s"),
    "message_removed": lazy("Removed “%(text)s” by %(author)s"),
    "message_restored": lazy("Restored “%(text)s” by %(author)s"),
    "message_approved": lazy("Approved “%(text)s” by %(author)s"),
    "message_rejected": lazy("Rejected “%(text)s” by %(author)s"),
    "message_held_again": lazy("Took back the rejection of “%(text)s” by %(author)s"),
    "message_posted_as_host": lazy("Wrote “%(text)s” as the host"),
    "employee_muted": lazy("Muted %(subject)s"),
    "employee_unmuted": lazy("Unmuted %(subject)s"),
    "announcement_pinned": lazy("Pinned “%(body)s”"),
    "question_approved": lazy("Approved the question “%(text)s” by %(author)s"),
    "question_rejected": lazy("Rejected the question “%(text)s” by %(author)s"),
    "question_answering": lazy("Called the question “%(text)s” by %(author)s to be answered"),
    "question_answered": lazy("Marked the question “%(text)s” by %(author)s as answered"),
    "question_reopened": lazy("Opened the question “%(text)s” by %(author)s again"),
    "question_hidden": lazy("Hid the question “%(text)s” by %(author)s"),
    "question_edited": lazy("Corrected the question “%(text)s” by %(author)s"),
    "questions_merged": lazy("Merged the question “%(text)s” by %(author)s with “%(into)s”"),
    "question_author_revealed": lazy("Had the author of the question “%(text)s” revealed"),
    "poll_created": lazy("Prepared the poll “%(subject)s”"),
    "poll_edited": lazy("Changed the prepared poll “%(subject)s”"),
    "poll_discarded": lazy("Threw the prepared poll “%(subject)s” away"),
    "poll_opened": lazy("Opened the poll “%(subject)s”"),
    "poll_closed": lazy("Closed the poll “%(subject)s”"),
    "poll_reopened": lazy("Opened the closed poll “%(subject)s” again"),
    "attendance_corrected": lazy("Corrected the attendance of %(subject)s"),
    "employees_imported": lazy("Imported employees from %(subject)s"),
    "employees_import_broken_off": lazy("Stored a part of the import of %(subject)s"),
    "employee_added": lazy("Added %(subject)s"),
    "employee_changed": lazy("Changed %(subject)s"),
    "employee_exported": lazy("Exported the data of %(subject)s"),
    "employee_erased": lazy("Erased a person, now “%(subject)s”"),
}
QUOTED_LENGTH = 80

# The details of entries by their names; others are shown by their names.
DETAILS = {
    "active": lazy("active"),
    "admin": lazy("admin"),
    "anonymous_questions": lazy("questions without a name"),
    "archived_at": lazy("archived at"),
    "author": lazy("author"),
    "body": lazy("text"),
    "broken": lazy("broken"),
    "by": lazy("by"),
    "changed": lazy("changed"),
    "chat_open": lazy("chat open"),
    "closes_at": lazy("closes at"),
    "copy_of": lazy("copy of"),
    "deactivated": lazy("deactivated"),
    "department": lazy("department"),
    "description": lazy("description"),
    "email": lazy("e-mail"),
    "employee_number": lazy("employee number"),
    "ends_at": lazy("ends at"),
    "event": lazy("event"),
    "export_contributions": lazy("contributions in exports"),
    "first_name": lazy("first name"),
    "format": lazy("format"),
    "hold_messages": lazy("hold messages"),
    "hold_questions": lazy("hold questions"),
    "into": lazy("into"),
    "kind": lazy("kind"),
    "last_name": lazy("last name"),
    "location": lazy("location"),
    "minutes": lazy("minutes"),
    "new": lazy("new"),
    "note": lazy("reason"),
    "of": lazy("of"),
    "older_than_days": lazy("older than days"),
    "opens_at": lazy("opens at"),
    "people": lazy("people"),
    "person": lazy("person"),
    "q": lazy("search"),
    "questions_open": lazy("questions open"),
    "reason": lazy("reason"),
    "recording_url": lazy("recording address"),
    "required_share": lazy("required share"),
    "role": lazy("role"),
    "since": lazy("from"),
    "slow_mode_seconds": lazy("slow mode seconds"),
    "sort": lazy("sorted by"),
    "speakers": lazy("speakers"),
    "starts_at": lazy("starts at"),
    "state": lazy("state"),
    "status": lazy("status"),
    "stored": lazy("stored"),
    "stream_answers": lazy("stream answers"),
    "stream_captions": lazy("stream has captions"),
    "stream_hosts": lazy("stream hosts"),
    "stream_kind": lazy("stream kind"),
    "stream_tested_at": lazy("stream tested at"),
    "stream_url": lazy("stream address"),
    "text": lazy("text"),
    "timezone": lazy("time zone"),
    "title": lazy("title"),
    "unchanged": lazy("unchanged"),
    "until": lazy("until"),
}
# Values that our code writes, by the details that have them; people write the others.
VALUES = {
    "absent": lazy("absent"),
    "attended": lazy("attended"),
    "checked_in": lazy("checked in"),
    "closed": lazy("closed"),
    "excused": lazy("excused"),
    "left_early": lazy("left early"),
    "open": lazy("open"),
    "partly": lazy("partly"),
    "scheduled": lazy("scheduled"),
    "single sign-on": lazy("single sign-on"),
    "time": lazy("the timetable"),
    "watching": lazy("watching now"),
    "owner": lazy("Owner"),
    "organizer": lazy("Organizer"),
    "moderator": lazy("Moderator"),
    "reporter": lazy("Reporter"),
    "password": lazy("password"),
    "invitation": lazy("invitation"),
}
CODED = frozenset({"by", "role", "state", "status"})
# These have the text of a message or question before and after a change, or as it was.
TEXTS = frozenset({"text", "author"})


def describe(entry: AuditEntry, objects: Objects, zone: ZoneInfo) -> tuple[str, list[str]]:
    """Return what the entry says, and its further details; moments are in `zone`."""
    details = json.loads(entry.details)
    quoted = _quoted(entry.subject, details, objects)
    values = {"subject": entry.subject, "body": _short(str(details.get("body", "")))}
    if quoted:
        author = quoted.author or _("somebody without a name")
        values |= {"text": _short(quoted.text), "author": author}
    if other := objects.get(("question", details.get("into", 0))):
        values["into"] = _short(other.text)
    sentence = SENTENCES.get(entry.action)
    try:
        said = sentence % values if sentence else str(ACTIONS.get(entry.action, entry.action))
    except KeyError:
        # The message or question is gone with its event, or was erased with its author.
        said, sentence = str(ACTIONS.get(entry.action, entry.action)), None
    told = {"body", "into", *(TEXTS if quoted else ())} if sentence else set()
    if isinstance(details.get("text"), list):
        told -= {"text"}
    rest = {name: value for name, value in details.items() if name not in told}
    unsaid = [] if sentence or key_of(entry.subject) else [entry.subject]
    return said, list(filter(None, [*unsaid, *_list_details(rest, zone)]))


def _quoted(subject: str, details: dict[str, Any], objects: Objects) -> Quoted | None:
    key = key_of(subject)
    if key is None:
        return None
    text, author = details.get("text"), details.get("author", "")
    told = Quoted(text, author) if isinstance(text, str) and isinstance(author, str) else None
    return objects.get(key, told)


def _list_details(details: dict[str, Any], zone: ZoneInfo) -> Iterator[str]:
    for name, value in details.items():
        label = DETAILS.get(name) or name.replace("_", " ")
        if isinstance(value, list) and len(value) == 2:
            yield f"{label}: {_plain(name, value[0], zone)} → {_plain(name, value[1], zone)}"
        elif value not in (None, ""):
            yield f"{label}: {_plain(name, value, zone)}"


def _plain(name: str, value: Any, zone: ZoneInfo) -> str:
    if value in (None, ""):
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if not isinstance(value, str):
        return str(value)
    if name.endswith("_at") or name == "until":
        return _moment(value, zone)
    return str(VALUES.get(value, value)) if name in CODED else value


def _moment(text: str, zone: ZoneInfo) -> str:
    try:
        at = datetime.fromisoformat(text).astimezone(zone)
    except ValueError:
        return text
    # Named: with JavaScript the times of the entries are in the reader's own zone.
    return f"{format_moment(at, 'medium')} {zone.key}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= QUOTED_LENGTH else f"{line[: QUOTED_LENGTH - 1].rstrip()}…"

"""The checklist of tasks before an event begins, each with the place to do it."""

from dataclasses import dataclass

from flask import url_for

from webapp.domain.admins.managing import list_admins
from webapp.domain.admins.roles import Permission, permits
from webapp.domain.employees.directory import count_active
from webapp.domain.events.store import EventInfo
from webapp.http.access import may_open
from webapp.i18n import gettext as _
from webapp.i18n import ngettext
from webapp.infra.clock import utcnow


@dataclass(frozen=True)
class Item:
    """A line of the checklist; `done` is None where it is up to the admin."""

    done: bool | None
    text: str
    link: str = ""
    link_text: str = ""


def read_checklist(event: EventInfo) -> list[Item]:
    """Return the lines for an event that is not over; none for one that is closed."""
    if event.state == "closed":
        return []
    stream, about = _stream(event), _about(event)
    return [_times(event), _opening(event), *stream, _employees(), _moderators(), about]


def _settings(event: EventInfo, field: str) -> dict[str, str]:
    address = url_for("events.show_edit", slug=event.slug) + f"#{field}"
    return {"link": address, "link_text": _("Change")}


def _times(event: EventInfo) -> Item:
    settings = _settings(event, "starts_at")
    if event.is_over:
        return Item(False, _("Its planned end has passed."), **settings)
    if event.is_open or event.starts_at > utcnow():
        return Item(True, _("It ends in the future."))
    return Item(False, _("Its planned start has passed, and it is not open."), **settings)


def _opening(event: EventInfo) -> Item:
    settings = _settings(event, "opens_before")
    if event.is_open:
        text = _("It closes by itself.") if event.closes_at else _("An admin closes it.")
        return Item(bool(event.closes_at) or None, text, **settings)
    text = _("It opens by itself.") if event.opens_at else _("An admin opens it.")
    return Item(bool(event.opens_at) or None, text, **settings)


def _stream(event: EventInfo) -> list[Item]:
    settings = _settings(event, "stream_url")
    if not event.stream_url:
        return [Item(False, _("No stream is set."), **settings)]
    if event.stream_tested_at is None:
        return [Item(False, _("The stream has not been tested."))]
    if not event.stream_answers:
        return [Item(False, _("The stream did not answer at its last test."), **settings)]
    captions = {
        True: Item(True, _("It has captions.")),
        False: Item(False, _("It has no captions.")),
        None: Item(None, _("Whether it has captions is not known.")),
    }
    return [Item(True, _("The stream answered at its last test.")), captions[event.stream_captions]]


def _employees() -> Item:
    people = count_active()
    address = {"link": url_for("imports.show"), "link_text": _("Import")}
    if not people:
        return Item(False, _("Nobody can check in: there are no employees."), **address)
    said = ngettext("%(count)s employee can check in.", "%(count)s employees can check in.", people)
    return Item(True, said)


def _moderators() -> Item:
    people = sum(permits(admin.role, Permission.MODERATE) for admin in list_admins())
    if people > 1:
        return Item(True, _("%(count)s admins can moderate and write as the host.", count=people))
    may_invite = may_open("admins.list_admins")
    address = url_for("admins.list_admins") if may_invite else ""
    return Item(None, _("Nobody but you can moderate."), address, _("Invite an admin"))


def _about(event: EventInfo) -> Item:
    settings = _settings(event, "description")
    if event.description and event.speakers:
        return Item(True, _("Description and speakers are filled in."))
    return Item(None, _("The description or the speakers are missing."), **settings)

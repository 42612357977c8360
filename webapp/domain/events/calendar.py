"""An event as a file for calendars (iCalendar, RFC 5545)."""

from icalendar import Calendar, Event

from webapp.domain.events.store import EventInfo
from webapp.infra.clock import utcnow


def calendar_file(event: EventInfo, address: str, site: str, name: str) -> bytes:
    """Return the event as an .ics file in UTC.

    `address` is the absolute address of its page, `site` the host, `name` that of the product.
    The file of a changed event replaces the earlier one in a calendar: its UID stays and its
    SEQUENCE grows.
    """
    entry = Event()
    entry.add("uid", f"{event.slug}@{site}")
    entry.add("sequence", event.revision)
    entry.add("dtstamp", utcnow())
    entry.add("dtstart", event.starts_at)
    entry.add("dtend", event.ends_at)
    entry.add("summary", event.title)
    entry.add("description", _description(event, address))
    entry.add("location", address)
    entry.add("url", address)
    calendar = Calendar()
    calendar.add("prodid", f"-//{name}//Townhall//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(entry)
    content: bytes = calendar.to_ical()
    return content


def _description(event: EventInfo, address: str) -> str:
    return "\n\n".join(filter(None, [event.description, event.speakers, address]))

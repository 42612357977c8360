"""Forms of the moderator's desk, where each button sends a value."""

import re
from datetime import datetime, timedelta

from flask import request
from werkzeug.datastructures import MultiDict
from wtforms import DateTimeLocalField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import Length, Optional

from webapp.domain.chat.board import Wanted
from webapp.domain.chat.moderation import SLOW_MODES
from webapp.domain.events.planning import to_utc
from webapp.domain.events.store import EventInfo
from webapp.domain.models import REASON_LENGTH
from webapp.errors import Invalid
from webapp.http.forms import Form
from webapp.i18n import lazy
from webapp.infra.clock import from_isoformat, utcnow
from webapp.infra.ids import parse_id
from webapp.infra.text import clean_field, one_line

CHOICES: dict[str, dict[str, int | bool]] = {
    "chat_open": {"0": False, "1": True},
    "hold_messages": {"0": False, "1": True},
    "slow_mode_seconds": {str(seconds): seconds for seconds in SLOW_MODES},
}
# Minutes by the value of the choice; None lasts for the whole event.
MUTES: dict[str, int | None] = {"5": 5, "30": 30, "60": 60, "event": None}
LENGTHS = [
    SelectChoice("5", lazy("5 min")),
    SelectChoice("30", lazy("30 min")),
    SelectChoice("60", lazy("1 hour")),
    SelectChoice("event", lazy("the event")),
    SelectChoice("until", lazy("until a time")),
]
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
FORMAT = "%Y-%m-%dT%H:%M"


class MuteForm(Form):
    """How long an employee is muted, and why. `until` counts where `minutes` is `until`."""

    minutes = SelectField(lazy("For how long?"), choices=LENGTHS)
    until = DateTimeLocalField(lazy("Until"), [Optional()], format=FORMAT)
    reason = StringField(lazy("Reason"), [Length(max=REASON_LENGTH)], filters=[clean_field])

    @property
    def lengths(self) -> list[tuple[str, str]]:
        """Return the choices as pairs of value and text."""
        return [(choice.value, str(choice.label)) for choice in LENGTHS]

    def find_end(self, event: EventInfo) -> datetime | None:
        """Return the end of the mute, None for the whole event. Raises `Invalid`."""
        if not self.validate():
            raise Invalid("Choose how long, and use at most 200 characters for the reason.")
        if self.minutes.data != "until":
            minutes = MUTES[self.minutes.data]
            return utcnow() + timedelta(minutes=minutes) if minutes else None
        if self.until.data is None:
            raise Invalid("Say until when.", form_field="until")
        try:
            return to_utc(self.until.data, event.timezone)
        except Invalid as refusal:
            refusal.form_field = "until"
            raise


def parse_settings(fields: dict[str, str]) -> dict[str, int | bool]:
    """Return the columns that a button changes. Raises `Invalid` for none or an unknown value."""
    try:
        values = {name: CHOICES[name][fields[name]] for name in CHOICES if name in fields}
    except KeyError:
        raise Invalid("The chat cannot be set to that.") from None
    if not values:
        raise Invalid("Choose a setting to change.")
    return values


def parse_wanted(employee_id: int | None = None) -> Wanted:
    """Return which messages the request asks for, in its address or in its form.

    A form names the page that it came from: `q`, `before`, and `person` for an employee's page.
    """
    before, person = request.values.get("before"), request.form.get("person")
    if employee_id is None and person:
        employee_id = parse_id(person, "person")
    q = one_line(request.values.get("q", ""))
    return Wanted(parse_id(before, "before") if before else None, q, employee_id)


def parse_selection(name: str) -> list[int]:
    """Return the ids of the selected rows. Raises `Invalid` for anything else."""
    fields: MultiDict[str, str] = request.form
    return [parse_id(value, name) for value in fields.getlist(name)]


def parse_moment(name: str) -> datetime:
    """Return the moment in the query argument `name`, as `isoformat` wrote it. Raises `Invalid`."""
    text = request.args.get(name, "")
    try:
        if MOMENT.fullmatch(text):
            return from_isoformat(text)
    except ValueError:
        pass
    raise Invalid("There is nothing to undo.")

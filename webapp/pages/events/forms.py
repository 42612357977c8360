"""The form that plans an event."""

from collections.abc import Iterable
from typing import Any, Self

from wtforms import DateTimeLocalField, Field, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from webapp.domain.events.planning import Plan
from webapp.domain.events.store import EventInfo
from webapp.domain.models import DESCRIPTION_LENGTH, RECORDING_URL_LENGTH, SPEAKERS_LENGTH
from webapp.http.forms import Form, SwitchField, WholeNumberField
from webapp.i18n import gettext as _
from webapp.i18n import lazy
from webapp.infra.text import clean_field, one_line

FORMAT = "%Y-%m-%dT%H:%M"
KINDS = [
    SelectChoice("", lazy("Recognise by the address")),
    SelectChoice("hls", lazy("HLS playlist")),
    SelectChoice("embed", lazy("Page in a frame")),
]
OPENINGS = [
    SelectChoice("", lazy("By hand")),
    SelectChoice("0", lazy("By itself at the start")),
    SelectChoice("5", lazy("By itself 5 minutes before the start")),
    SelectChoice("10", lazy("By itself 10 minutes before the start")),
    SelectChoice("15", lazy("By itself 15 minutes before the start")),
    SelectChoice("30", lazy("By itself 30 minutes before the start")),
    SelectChoice("60", lazy("By itself an hour before the start")),
]
CLOSINGS = [
    SelectChoice("", lazy("By hand")),
    SelectChoice("0", lazy("By itself at the planned end")),
    SelectChoice("5", lazy("By itself 5 minutes after the end")),
    SelectChoice("15", lazy("By itself 15 minutes after the end")),
    SelectChoice("30", lazy("By itself 30 minutes after the end")),
    SelectChoice("60", lazy("By itself an hour after the end")),
]
FIELD_OF_COLUMN = {"opens_at": "opens_before", "closes_at": "closes_after"}
# An embed code is longer than the address in it.
ADDRESS_LENGTH = 8000


def minutes_or_none(value: Any) -> int | None:
    """Return the minutes of a choice; None for the empty one."""
    return None if value in ("", None) else int(value)


class EventForm(Form):
    """Title, time, stream and what the event tells about itself.

    The times are in the zone that stands beside them.
    """

    title = StringField(
        lazy("Title"),
        [DataRequired(lazy("Give it a title.")), Length(max=200)],
        filters=[lambda text: one_line(text or "")],
    )
    starts_at = DateTimeLocalField(
        lazy("Start"), [InputRequired(lazy("When does it begin?"))], format=FORMAT
    )
    ends_at = DateTimeLocalField(
        lazy("End"), [InputRequired(lazy("When does it end?"))], format=FORMAT
    )
    timezone = StringField(
        lazy("Time zone"), [InputRequired(lazy("In which time zone?")), Length(max=64)]
    )
    opens_before = SelectField(
        lazy("Opening"), choices=OPENINGS, coerce=minutes_or_none, default=None
    )
    closes_after = SelectField(
        lazy("Closing"), choices=CLOSINGS, coerce=minutes_or_none, default=None
    )
    description = TextAreaField(
        lazy("Description"), [Length(max=DESCRIPTION_LENGTH)], filters=[clean_field]
    )
    speakers = TextAreaField(lazy("Speakers"), [Length(max=SPEAKERS_LENGTH)], filters=[clean_field])
    recording_url = StringField(
        lazy("Recording"), [Length(max=RECORDING_URL_LENGTH)], filters=[clean_field]
    )
    stream_url = StringField(
        lazy("Stream address"), [Length(max=ADDRESS_LENGTH)], filters=[clean_field]
    )
    stream_kind = SelectField(lazy("Kind of stream"), choices=KINDS, default="")
    stream_hosts = TextAreaField(
        lazy("Further hosts of the stream"), [Length(max=ADDRESS_LENGTH)], filters=[clean_field]
    )
    required_share = WholeNumberField(
        lazy("Attended means watching at least this share, in percent"),
        [InputRequired(lazy("A whole number from 1 to 100.")), NumberRange(1, 100)],
        default=50,
    )
    questions_open = SwitchField(lazy("Questions"), lazy("On"), lazy("Off"), default=True)
    hold_questions = SwitchField(
        lazy("Questions appear"),
        lazy("Once a moderator has approved them"),
        lazy("At once"),
        default=False,
    )
    anonymous_questions = SwitchField(
        lazy("Questions without a name"), lazy("Allowed"), lazy("Not allowed"), default=False
    )
    export_contributions = SwitchField(
        lazy("How much each person wrote, in exports of the roster"),
        lazy("Messages and questions"),
        lazy("Not exported"),
        default=False,
    )

    @classmethod
    def of(cls, event: EventInfo) -> Self:
        """Return the form filled in with the plan of `event`."""
        values: dict[str, Any] = {name: getattr(event, name) for name in cls.names()}
        times = {name: event.local(values[name]) for name in ("starts_at", "ends_at")}
        return cls(formdata=None, **values | times)

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of the fields, which are those of the plan."""
        return list(Plan.__dataclass_fields__)

    def compare(self, event: EventInfo, columns: Iterable[str]) -> None:
        """Say beside the fields of these columns what another admin has made of them."""
        current = EventForm.of(event)
        for name in columns:
            field = FIELD_OF_COLUMN.get(name, name)
            said = _("Now: %(value)s", value=_shown(current[field]))
            self[field].errors = [*self[field].errors, said]

    def plan(self) -> Plan:
        """Return the plan that the valid form describes."""
        return Plan(**{name: _value_of(self[name]) for name in self.names()})


def _shown(field: Field) -> str:
    if isinstance(field, SelectField):
        return next((str(label) for _value, label, on, _more in field.iter_choices() if on), "")
    return field._value() or _("(empty)")


def _value_of(field: Field) -> Any:
    # A text that the request leaves out has no data.
    return (field.data or "").strip() if isinstance(field, StringField) else field.data

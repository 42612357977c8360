"""The form that plans an event."""

from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, IntegerField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from webapp.domain.events.planning import Plan
from webapp.infra.text import clean_field, one_line

FORMAT = "%Y-%m-%dT%H:%M"


class EventForm(FlaskForm):
    """Title, time and stream. The times are in the zone that stands beside them."""

    title = StringField(
        "Title",
        [DataRequired("Give it a title."), Length(max=200)],
        filters=[lambda text: one_line(text or "")],
    )
    starts_at = DateTimeLocalField("Start", [InputRequired("When does it begin?")], format=FORMAT)
    ends_at = DateTimeLocalField("End", [InputRequired("When does it end?")], format=FORMAT)
    timezone = StringField("Time zone", [InputRequired("In which time zone?"), Length(max=64)])
    stream_url = StringField("Stream address", [Length(max=500)], filters=[clean_field])
    required_share = IntegerField(
        "Attended means watching at least this share, in percent",
        [InputRequired("A whole number from 1 to 100."), NumberRange(1, 100)],
        default=50,
    )

    def plan(self) -> Plan:
        """What the valid form says."""
        return Plan(
            title=self.title.data.strip(),
            starts_at=self.starts_at.data,
            ends_at=self.ends_at.data,
            timezone=self.timezone.data.strip(),
            stream_url=(self.stream_url.data or "").strip(),
            required_share=self.required_share.data,
        )

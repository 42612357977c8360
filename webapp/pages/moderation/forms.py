"""What moderators send: each button is a value."""

from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from webapp.domain.chat.moderation import SLOW_MODES
from webapp.domain.models import BODY_LENGTH
from webapp.errors import Invalid
from webapp.infra.text import clean_field

CHOICES: dict[str, dict[str, int | bool]] = {
    "chat_open": {"0": False, "1": True},
    "hold_messages": {"0": False, "1": True},
    "slow_mode_seconds": {str(seconds): seconds for seconds in SLOW_MODES},
}
# What the buttons say, and the minutes they mean; None is the whole event.
MUTES: dict[str, int | None] = {"5": 5, "30": 30, "event": None}


class AnnouncementForm(FlaskForm):
    """The text to pin."""

    body = TextAreaField(
        "Announcement",
        [
            InputRequired("Write something first."),
            Length(
                max=BODY_LENGTH, message=f"An announcement has at most {BODY_LENGTH} characters."
            ),
        ],
        filters=[clean_field],
    )


def parse_settings(fields: dict[str, str]) -> dict[str, int | bool]:
    """The columns that a button changes. Raises `Invalid` for none, or a value it never has."""
    try:
        values = {name: CHOICES[name][fields[name]] for name in CHOICES if name in fields}
    except KeyError:
        raise Invalid("The chat cannot be set to that.") from None
    if not values:
        raise Invalid("Say what to change.")
    return values


def parse_mute(minutes: str | None) -> int | None:
    """Minutes, or None for the event. Raises `Invalid` for anything that no button says."""
    if minutes not in MUTES:
        raise Invalid("Mute for 5 or 30 minutes, or for the event.")
    return MUTES[minutes]

"""Forms of the moderation page, where each button sends a value."""

from webapp.domain.chat.moderation import SLOW_MODES
from webapp.errors import Invalid

CHOICES: dict[str, dict[str, int | bool]] = {
    "chat_open": {"0": False, "1": True},
    "hold_messages": {"0": False, "1": True},
    "slow_mode_seconds": {str(seconds): seconds for seconds in SLOW_MODES},
}
# Minutes by the value of the button; None lasts for the whole event.
MUTES: dict[str, int | None] = {"5": 5, "30": 30, "event": None}


def parse_settings(fields: dict[str, str]) -> dict[str, int | bool]:
    """Return the columns that a button changes. Raises `Invalid` for none or an unknown value."""
    try:
        values = {name: CHOICES[name][fields[name]] for name in CHOICES if name in fields}
    except KeyError:
        raise Invalid("The chat cannot be set to that.") from None
    if not values:
        raise Invalid("Choose a setting to change.")
    return values


def parse_mute(minutes: str | None) -> int | None:
    """Return minutes, or None for the event. Raises `Invalid` for a value that no button has."""
    if minutes not in MUTES:
        raise Invalid("Mute for 5 or 30 minutes, or for the event.")
    return MUTES[minutes]

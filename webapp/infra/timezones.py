"""The time zones that an event or the site may have."""

from functools import cache
from importlib.resources import files

# A placeholder for a clock that nobody has set. Not every browser knows it.
PLACEHOLDER = "Factory"


@cache
def timezone_names() -> tuple[str, ...]:
    """Return the names of the IANA database, sorted.

    `zoneinfo.available_timezones()` lists the machine's files: `localtime` and, on some systems,
    `posix/…` and `right/…` are among them. Browsers throw on those.
    """
    names = files("tzdata").joinpath("zones").read_text(encoding="ascii").split()
    return tuple(sorted(set(names) - {PLACEHOLDER}))

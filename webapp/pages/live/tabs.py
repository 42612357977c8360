"""The tabs of the side panel: which of them an event has, and which one is open."""

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.domain.events.store import EventInfo
from webapp.i18n import gettext as _


@dataclass(frozen=True)
class Tab:
    """A tab: `name` is that of its template, `live/_NAME.html`."""

    name: str
    title: str


def tabs_of(event: EventInfo, *, asked: bool) -> list[Tab]:
    """Return the tabs of an event in their order; parts that it does not offer have none.

    `asked` says whether there are questions: those stay readable when no more are taken.
    """
    tabs = [Tab("chat", _("Chat"))]
    if event.questions_open or asked:
        tabs.append(Tab("questions", _("Questions")))
    return [*tabs, Tab("poll", _("Poll"))]


def open_tab(tabs: Sequence[Tab], wanted: str | None) -> str:
    """Return the name of the tab to open: the one that was asked for, else the first."""
    names = [tab.name for tab in tabs]
    return wanted if wanted in names else names[0]

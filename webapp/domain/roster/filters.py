"""What a roster's address asks for."""

from dataclasses import dataclass
from typing import Any

from webapp.domain.attendance.statuses import STATUSES
from webapp.errors import Invalid
from webapp.infra.paging import parse_page

SORTS = (
    "name",
    "number",
    "department",
    "location",
    "status",
    "checked_in",
    "until",
    "minutes",
)


@dataclass(frozen=True)
class Filters:
    """What the address asks for; `sort` is one of `SORTS`, with `-` in front descending.

    `by` opens the counts by department, `edit` is the id of the employee who is being corrected.
    """

    q: str = ""
    department: str = ""
    location: str = ""
    status: str = ""
    sort: str = "name"
    page: int = 1
    by: str = ""
    edit: int = 0

    def as_args(self, **changes: Any) -> dict[str, Any]:
        """The same as query arguments, with changes; defaults are left out."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__} | changes
        defaults = Filters()
        return {name: v for name, v in values.items() if v != getattr(defaults, name)}


def parse_filters(args: dict[str, str]) -> Filters:
    """The filters in an address. Raises `Invalid` for an unknown status or sort, or a bad page."""
    filters = Filters(
        q=args.get("q", "").strip()[:100],
        department=args.get("department", ""),
        location=args.get("location", ""),
        status=args.get("status", ""),
        sort=args.get("sort") or "name",
        page=parse_page(args.get("page") or "1"),
        by="department" if args.get("by") == "department" else "",
        edit=parse_id(args.get("edit", "")),
    )
    if filters.status and filters.status not in STATUSES:
        raise Invalid("There is no such status.")
    if filters.sort.removeprefix("-") not in SORTS:
        raise Invalid("The roster cannot be sorted by that.")
    return filters


def parse_id(text: str) -> int:
    """An id from an address; 0, which is nobody's, for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0

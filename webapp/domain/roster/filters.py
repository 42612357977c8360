"""The filters and the order that a roster's address asks for."""

from dataclasses import dataclass, field
from typing import Any

from webapp.domain.attendance.statuses import STATUSES
from webapp.errors import Invalid
from webapp.infra.ids import parse_id
from webapp.infra.paging import parse_page

SORT_KEYS = (
    "name",
    "number",
    "department",
    "location",
    "status",
    "checked_in",
    "until",
    "minutes",
)
QUERY_LENGTH = 100


@dataclass(frozen=True)
class Sort:
    """An order of the roster: one of `SORT_KEYS`, and its direction.

    As text it is the `sort` of an address: `minutes`, or `-minutes` for descending.
    """

    key: str = "name"
    descending: bool = False

    def __str__(self) -> str:
        return f"-{self.key}" if self.descending else self.key


@dataclass(frozen=True)
class Filters:
    """The parameters of a roster's address.

    `by` is `department` to show the counts by department; `edit` is the id of the employee whose
    status is being corrected, or 0.
    """

    q: str = ""
    department: str = ""
    location: str = ""
    status: str = ""
    sort: Sort = field(default_factory=Sort)
    page: int = 1
    by: str = ""
    edit: int = 0

    def as_args(self, **changes: Any) -> dict[str, Any]:
        """Return query arguments for these filters with `changes`, without the default values."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__} | changes
        defaults = Filters()
        return {
            name: str(value) if isinstance(value, Sort) else value
            for name, value in values.items()
            if value != getattr(defaults, name)
        }


def parse_filters(args: dict[str, str]) -> Filters:
    """Return the filters in an address's query arguments.

    Raise `Invalid` for an unknown status or sort key, or an impossible page number or id.
    """
    status = args.get("status", "")
    if status and status not in STATUSES:
        raise Invalid("There is no such status.")
    return Filters(
        q=args.get("q", "").strip()[:QUERY_LENGTH],
        department=args.get("department", ""),
        location=args.get("location", ""),
        status=status,
        sort=parse_sort(args.get("sort") or "name"),
        page=parse_page(args.get("page") or "1"),
        by="department" if args.get("by") == "department" else "",
        edit=parse_id(args.get("edit") or 0, "edit"),
    )


def parse_sort(text: str) -> Sort:
    """Return the order named by `text`, for example `-minutes`. Raise `Invalid`."""
    key = text.removeprefix("-")
    if key not in SORT_KEYS:
        raise Invalid("The roster cannot be sorted by that.")
    return Sort(key, text != key)

"""How many of a roster have which status, from one statement's groups."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from webapp.core.roster_filters import Filters

FACETS = ("department", "location", "status")


@dataclass(frozen=True)
class Group:
    """So many `people` of one department, location and status; the search finds `found`."""

    department: str
    location: str
    status: str
    people: int
    found: int


class Counts:
    """The groups of a whole roster, added up as its page shows them."""

    def __init__(self, groups: Iterable[Any], filters: Filters) -> None:
        self._groups = [Group(*group) for group in groups]
        self._filters = filters

    @property
    def employees(self) -> int:
        """Everyone on the roster."""
        return sum(group.people for group in self._groups)

    @property
    def matching(self) -> int:
        """How many the filters let through."""
        return sum(group.found for group in self._matching(self._filters))

    @property
    def by_status(self) -> Counter[str]:
        """How many the other filters let through, by status."""
        counts: Counter[str] = Counter()
        for group in self._matching(replace(self._filters, status="")):
            counts[group.status] += group.found
        return counts

    @property
    def by_department(self) -> dict[str, Counter[str]]:
        """The same for each department, whichever is chosen, in the order of their names."""
        counts: dict[str, Counter[str]] = {}
        for group in self._matching(replace(self._filters, status="", department="")):
            counts.setdefault(group.department, Counter())[group.status] += group.found
        return dict(sorted(counts.items()))

    def values(self, name: str) -> list[str]:
        """The departments or locations there are, sorted."""
        return sorted({getattr(group, name) for group in self._groups})

    def _matching(self, filters: Filters) -> Iterator[Group]:
        for group in self._groups:
            wanted = ((getattr(filters, name), getattr(group, name)) for name in FACETS)
            if all(not value or value == own for value, own in wanted):
                yield group

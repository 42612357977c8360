"""How many of a roster have which status, added up from one statement's groups."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from webapp.domain.roster.filters import Filters

Group = tuple[str, str, str]  # department, location, status
FACETS = ("department", "location", "status")
# What many have in common. Sorted by it the roster is in sections, and their sizes are counted.
SECTIONED = ("department", "location")


@dataclass(frozen=True)
class Section:
    """So many people who have the same department or location, and the names of it."""

    names: tuple[str, ...]
    people: int


class Counts:
    """How many there are and how many the search finds, as a roster's page adds them up."""

    def __init__(self, groups: Iterable[Any], filters: Filters) -> None:
        """`groups` are those of `RosterQuery.counts`."""
        self._filters = filters
        self._people: Counter[Group] = Counter()
        self._found: Counter[Group] = Counter()
        self._found_apart: Counter[Group] = Counter()
        self._ranks: dict[str, dict[str, int]] = {facet: {} for facet in SECTIONED}
        for department, location, moved_from, shown, apart, people, found, *ranks in groups:
            self._add((department, location, shown), people, found)
            self._found_apart[department, location, shown] += found if apart else 0
            if moved_from is not None:
                self._add((department, location, moved_from), -people, -found)
            for facet, name, rank in zip(SECTIONED, (department, location), ranks, strict=True):
                self._ranks[facet][name] = rank

    @property
    def employees(self) -> int:
        """Everyone on the roster."""
        return self._people.total()

    @property
    def matching(self) -> int:
        """How many the filters let through."""
        return sum(found for _, found in self._matching(self._filters))

    @property
    def matching_apart(self) -> int:
        """How many of these are in `Parts.apart`."""
        return sum(found for _, found in self._matching(self._filters, self._found_apart))

    @property
    def by_status(self) -> Counter[str]:
        """How many the other filters let through, by status."""
        counts: Counter[str] = Counter()
        for (_, _, status), found in self._matching(replace(self._filters, status="")):
            counts[status] += found
        return counts

    @property
    def by_department(self) -> dict[str, Counter[str]]:
        """The same for each department, whichever is chosen, in the order of their names."""
        counts: dict[str, Counter[str]] = {}
        for group, found in self._matching(replace(self._filters, status="", department="")):
            department, _, status = group
            counts.setdefault(department, Counter())[status] += found
        return dict(sorted(counts.items()))

    @property
    def departments(self) -> list[str]:
        """Those of everyone on the roster, sorted."""
        return sorted({department for (department, _, _), people in self._people.items() if people})

    @property
    def locations(self) -> list[str]:
        """Those of everyone on the roster, sorted."""
        return sorted({location for (_, location, _), people in self._people.items() if people})

    def sections(self, facet: str) -> list[Section]:
        """How many the filters let through, by department or location, in the database's order."""
        place, ranks = FACETS.index(facet), self._ranks[facet]
        names: dict[int, set[str]] = {}
        people: Counter[int] = Counter()
        for group, found in self._matching(self._filters):
            rank = ranks[group[place]]
            names.setdefault(rank, set()).add(group[place])
            people[rank] += found
        return [Section(tuple(sorted(names[rank])), people[rank]) for rank in sorted(people)]

    def _add(self, group: Group, people: int, found: int) -> None:
        self._people[group] += people
        self._found[group] += found

    def _matching(
        self, filters: Filters, among: Counter[Group] | None = None
    ) -> Iterator[tuple[Group, int]]:
        wanted = [getattr(filters, name) for name in FACETS]
        for group, found in (among or self._found).items():
            if all(not value or value == own for value, own in zip(wanted, group, strict=True)):
                yield group, found

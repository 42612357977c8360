"""Which rows of a roster are on a page, and which of them the database need not look at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from webapp.domain.roster.counts import SECTIONED, Counts, Section
from webapp.domain.roster.filters import Filters


@dataclass(frozen=True)
class Cut:
    """`limit` rows of a statement from `offset` on, in the opposite order if `backwards`."""

    offset: int
    limit: int
    backwards: bool = False


@dataclass(frozen=True)
class Window:
    """Which of the rows that match: `limit` from `offset` on. So many match in all, and so many of
    these are in `Parts.apart`.

    With `among`, which is some of what they are sorted by, only rows that have one of these match:
    to sort a whole roster of 50,000 for 50 rows of one section takes fifteen times as long.
    """

    offset: int
    limit: int
    matching: int
    apart: int
    among: tuple[str, ...] = ()

    @property
    def last(self) -> int:
        """The first row behind it."""
        return self.offset + self.limit

    @property
    def skipped(self) -> int:
        """So many of `Parts.rest` stand before it, even if all that are apart do."""
        return max(0, self.offset - self.apart)

    def cut(self) -> Cut:
        """The same, counted from the end that is nearer."""
        if self.offset <= self.matching // 2:
            return Cut(self.offset, self.limit)
        rows = max(0, min(self.limit, self.matching - self.offset))
        return Cut(max(0, self.matching - self.last), rows, backwards=True)

    def within(self, sections: Sequence[Section]) -> "Window":
        """The same, counted from the first of the sections that are in it."""
        ends = accumulate(section.people for section in sections)
        spans = [
            (section, end - section.people, end)
            for section, end in zip(sections, ends, strict=True)
        ]
        seen = [span for span in spans if span[1] < self.last and span[2] > self.offset]
        if not seen:
            return self
        begin, end = seen[0][1], seen[-1][2]
        among = tuple(name for section, _, _ in seen for name in section.names)
        return replace(self, offset=self.offset - begin, matching=end - begin, among=among)


def window_of(counts: Counts, filters: Filters, rows: int) -> Window:
    """The page that `filters` ask for, of so many rows."""
    window = Window((filters.page - 1) * rows, rows, counts.matching, counts.matching_apart)
    facet = filters.sort.removeprefix("-")
    if facet not in SECTIONED or filters.status:
        return window
    sections = counts.sections(facet)
    return window.within(sections[::-1] if filters.sort.startswith("-") else sections)

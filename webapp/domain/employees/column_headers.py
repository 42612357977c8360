"""Finding the row of titles in a file, and which column is which."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from webapp.domain.employees.column_titles import field_of, plain_title
from webapp.domain.employees.rows import SPOKEN
from webapp.domain.employees.tables import CsvTable, WorkbookTable
from webapp.errors import Invalid
from webapp.i18n import gettext as _
from webapp.i18n import lazy
from webapp.infra.text import one_line

# Reports have a few lines above their titles.
HEADER_ROWS = 30
TITLE_LENGTH, SHOWN_TITLES = 80, 20
T = TypeVar("T", CsvTable, WorkbookTable)
# Field to title, to position from 0, or to None where the file does not have it.
ColumnChoice = Mapping[str, str | int | None]


class UnclearColumns(Invalid):
    """It cannot be told which column is which; somebody has to say."""


@dataclass(frozen=True)
class Header:
    """The row of titles: its number, its cells, and the place of each field among them.

    `rivals` are the titles between which it could not decide, by field.
    """

    number: int
    titles: list[str]
    columns: dict[str, int]
    rivals: dict[str, list[str]] = field(default_factory=dict)


def find_header(tables: Iterable[T], choice: ColumnChoice) -> tuple[T, Header]:
    """Return the row that looks most like titles, the first of equals, and its table."""
    wanted = {plain_title(title) for title in choice.values() if isinstance(title, str)}

    def likeness(found: tuple[T, Header]) -> tuple[int, int]:
        titles = found[1].titles
        score = len(found[1].columns) + len(found[1].rivals)
        score += len(wanted & set(map(plain_title, titles)))
        # Where no title is known, the row with the most cells: it is above data of all columns.
        return score, 0 if score else len(titles)

    found = [
        (table, _read_header(number, cells))
        for table in tables
        for number, cells in islice(table.records(), HEADER_ROWS)
        if not isinstance(cells, str)
    ]
    if not found:
        raise Invalid(
            "There is no row in this file that can be read. Choose a CSV file or an .xlsx."
        )
    table, header = max(found, key=likeness)
    _check_alone(header, found)
    return table, _choose(header, choice)


def _check_alone(header: Header, found: list[tuple[T, Header]]) -> None:
    """Raise `Invalid` when another sheet of the workbook has employees as well.

    Which of them are meant, nobody can know; a sync would deactivate those of the other sheet.
    """
    sheets: dict[str, int] = {}
    for other, its in found:
        # A sheet that has titles and a row below them.
        if isinstance(other, WorkbookTable) and (other.sheet in sheets or _is_complete(its)):
            sheets[other.sheet] = sheets.get(other.sheet, 0) + 1
    filled = [sheet for sheet, rows in sheets.items() if rows > 1]
    if _is_complete(header) and len(filled) > 1:
        raise Invalid(
            "The sheets %(sheets)s all have employees. Copy them into one sheet, or delete those"
            " that do not belong here.",
            sheets=", ".join(f"“{sheet}”" for sheet in filled),
        )


def _is_complete(header: Header) -> bool:
    return {"email", "employee_number"} <= header.columns.keys()


def _read_header(number: int, cells: list[str]) -> Header:
    titles = [one_line(cell)[:TITLE_LENGTH] for cell in cells]
    ranked: dict[str, dict[int, list[int]]] = {}
    for place, title in enumerate(titles):
        if known := field_of(title):
            name, strength = known
            ranked.setdefault(name, {}).setdefault(strength, []).append(place)
    best = {name: places[min(places)] for name, places in ranked.items()}
    columns = {name: places[0] for name, places in best.items() if len(places) == 1}
    rivals = {name: [titles[p] for p in ps] for name, ps in best.items() if len(ps) > 1}
    return Header(number, titles, _name_columns(columns), rivals)


def _name_columns(columns: dict[str, int]) -> dict[str, int]:
    """Decide what a column of names holds by the other columns there are.

    “Name” beside “Vorname” is the last name; “Nombre” alone is the full name.
    """
    names = {name for name in ("first_name", "last_name", "full_name") if name in columns}
    if names == {"first_name", "last_name", "full_name"}:
        return {name: place for name, place in columns.items() if name != "full_name"}
    renamed = {
        frozenset({"first_name", "full_name"}): ("full_name", "last_name"),
        frozenset({"last_name", "full_name"}): ("full_name", "first_name"),
        frozenset({"first_name"}): ("first_name", "full_name"),
        frozenset({"last_name"}): ("last_name", "full_name"),
    }
    old, new = renamed.get(frozenset(names), ("", ""))
    return {new if name == old else name: place for name, place in columns.items()}


def _choose(header: Header, choice: ColumnChoice) -> Header:
    columns, rivals = dict(header.columns), dict(header.rivals)
    for name, wanted in choice.items():
        columns.pop(name, None)
        rivals.pop(name, None)
        if wanted is not None:
            place = _place_of(wanted, header.titles)
            columns = {other: at for other, at in columns.items() if at != place} | {name: place}
    return Header(header.number, header.titles, columns, rivals)


def _place_of(wanted: str | int, titles: list[str]) -> int:
    if isinstance(wanted, int):
        return wanted
    places = [p for p, title in enumerate(titles) if plain_title(title) == plain_title(wanted)]
    if len(places) != 1:
        found = _titles_found(titles)
        if places:
            raise UnclearColumns(
                "There is more than one column “%(title)s”. %(found)s", title=wanted, found=found
            )
        raise UnclearColumns("There is no column “%(title)s”. %(found)s", title=wanted, found=found)
    return places[0]


def check_columns(header: Header) -> None:
    """Raise `UnclearColumns` when a field that is needed has no column, or may have several."""
    if header.rivals:
        name, titles = next(iter(header.rivals.items()))
        raise UnclearColumns(
            "%(titles)s may both be the %(field)s: say which column it is.",
            titles=_(" and ").join(f"“{title}”" for title in titles),
            field=SPOKEN[name],
        )
    missing = [SPOKEN[name] for name in ("email", "employee_number") if name not in header.columns]
    if not {"first_name", "last_name", "full_name"} & header.columns.keys():
        missing.append(lazy("name"))
    if missing:
        raise UnclearColumns(
            "No column is known to be the %(fields)s: say which column it is. %(found)s",
            fields=_(" or the ").join(map(str, missing)),
            found=_titles_found(header.titles),
        )


def _titles_found(titles: list[str]) -> str:
    shown = ", ".join(f"“{title}”" for title in titles[:SHOWN_TITLES] if title)
    if len(titles) > SHOWN_TITLES:
        return _("The titles found are %(titles)s and more.", titles=shown)
    return _("The titles found are %(titles)s.", titles=shown)

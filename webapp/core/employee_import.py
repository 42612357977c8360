"""Bringing the employees up to date with a file: what would change, and changing it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from webapp.core import audit
from webapp.core.employee_csv import BrokenRow, EmployeeRow, read_rows
from webapp.core.employees import forget_employees, normal_number
from webapp.core.errors import Invalid
from webapp.core.extensions import db
from webapp.core.models import Employee

ROWS_PER_STATEMENT = 1000
FIELDS = ("email", "first_name", "last_name", "department", "location", "active")
DEFAULTS = {"department": "", "location": "", "active": True}

Progress = Callable[[int], None]


@dataclass
class ImportReport:
    """What an import changes, or would; `broken` rows are left out of it."""

    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    unchanged: int = 0
    deactivated: list[dict[str, Any]] = field(default_factory=list)
    broken: list[BrokenRow] = field(default_factory=list)
    applied: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """How many rows are of each kind."""
        return {
            "new": len(self.new),
            "changed": len(self.changed),
            "unchanged": self.unchanged,
            "deactivated": len(self.deactivated),
            "broken": len(self.broken),
        }


def import_employees(
    data: bytes,
    *,
    name: str = "",
    dry_run: bool = False,
    strict: bool = False,
    sync: bool = False,
    progress: Progress = lambda _: None,
) -> ImportReport:
    """Add and change employees as the CSV file says, in one transaction.

    Employees are matched by number. `sync` deactivates who is not in the file; `strict` changes
    nothing when a row is broken; `dry_run` changes nothing at all. `progress` is called with the
    number of rows written, `name` is the file's. Run again, it changes nothing.

    Raises `Invalid` for what is no list.
    """
    report = _compare(read_rows(data), sync=sync)
    if dry_run or (strict and report.broken):
        return report
    try:
        _apply(report, progress)
        audit.record("employees_imported", subject=name, **report.counts)
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise Invalid(
            "Two employees would share an e-mail or number on the way; nothing was imported."
        ) from None
    forget_employees(row["id"] for row in report.changed + report.deactivated)
    report.applied = True
    return report


def _compare(rows: Iterable[EmployeeRow | BrokenRow], *, sync: bool) -> ImportReport:
    report = ImportReport()
    known = _read_known()
    taken = {employee["email"]: number for number, employee in known.items()}
    seen: set[str] = set()
    for row in rows:
        if isinstance(row, BrokenRow):
            report.broken.append(row)
            continue
        number, email = normal_number(str(row.values["employee_number"])), str(row.values["email"])
        if number in seen:
            report.broken.append(BrokenRow(row.number, "this employee number stands here twice"))
        elif taken.get(email, number) != number:
            report.broken.append(BrokenRow(row.number, "another employee has this e-mail"))
        else:
            seen.add(number)
            taken[email] = number
            _sort_in(report, row.values, known.get(number))
    if sync:
        gone = (e for number, e in known.items() if number not in seen and e["active"])
        report.deactivated = [{"id": employee["id"], "active": False} for employee in gone]
    return report


def _read_known() -> dict[str, dict[str, Any]]:
    columns = [getattr(Employee, name) for name in ("id", "employee_number", *FIELDS)]
    rows = db.session.execute(select(*columns)).mappings()
    return {normal_number(row["employee_number"]): dict(row) for row in rows}


def _sort_in(
    report: ImportReport, values: dict[str, str | bool], known: dict[str, Any] | None
) -> None:
    if known is None:
        report.new.append(DEFAULTS | values)
        return
    # A column that the file does not have stays as it is.
    wanted = {name: values.get(name, known[name]) for name in FIELDS}
    if all(known[name] == value for name, value in wanted.items()):
        report.unchanged += 1
    else:
        report.changed.append({"id": known["id"]} | wanted)


def _apply(report: ImportReport, progress: Progress) -> None:
    done = 0
    for statement, rows in (
        (update(Employee), report.deactivated),
        (update(Employee), report.changed),
        (insert(Employee), report.new),
    ):
        for some in _portions(rows):
            db.session.execute(statement, some)
            done += len(some)
            progress(done)


def _portions(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    remaining = iter(rows)
    while some := list(islice(remaining, ROWS_PER_STATEMENT)):
        yield some

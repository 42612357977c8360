"""Bringing the employees up to date with a file: what would change, and changing it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from webapp.domain.audit import trail
from webapp.domain.employees.csv_reader import EmployeeRow, InvalidRow, read_rows
from webapp.domain.employees.directory import FIELDS, end_of_access, forget_employees, normal_number
from webapp.domain.employees.import_progress import Progress
from webapp.domain.models import Employee
from webapp.errors import Invalid
from webapp.infra.extensions import db
from webapp.infra.publisher import close_sockets

ROWS_PER_STATEMENT = 1000
DEFAULTS = {"department": "", "location": "", "active": True}

Say = Callable[[Progress], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Known:
    """An employee as the database has them; `label` is for people."""

    id: int
    label: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Change:
    """An employee whose row says something else; `values` are all fields as they shall be."""

    employee: Known
    values: dict[str, Any]

    @property
    def differences(self) -> dict[str, tuple[Any, Any]]:
        """Before and after, of each field that changes."""
        before = self.employee.values
        return {name: (before[name], v) for name, v in self.values.items() if before[name] != v}

    @property
    def ends_access(self) -> bool:
        """True when the employee is active, and shall not be."""
        return self.differences.get("active") == (True, False)


@dataclass
class ImportReport:
    """What an import changes, or would; `broken` rows are left out of it.

    `unsure` says that `sync` deactivated nobody, because a broken row may be anyone's.
    """

    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    unchanged: int = 0
    deactivated: list[Known] = field(default_factory=list)
    broken: list[InvalidRow] = field(default_factory=list)
    unsure: bool = False
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
    say: Say = lambda _progress: None,
) -> ImportReport:
    """Add and change employees as the CSV file says, in one transaction.

    Employees are matched by number. `sync` deactivates who is not in the file; `strict` changes
    nothing when a row is broken; `dry_run` changes nothing at all. `name` is the file's; `say` is
    told now and then how far it is. Run again, it changes nothing.

    Raises `Invalid` for what is no list.
    """
    rows = _counted(read_rows(data), data.count(b"\n", 0, -1), say)
    report = _compare(rows, sync=sync)
    if dry_run or (strict and report.broken):
        return report
    try:
        _apply(report, say)
        trail.record("employees_imported", subject=name, **report.counts)
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise Invalid(
            "Somebody changed the same employees meanwhile; nothing was imported. Try again."
        ) from None
    _forget(report)
    report.applied = True
    return report


def _counted(
    rows: Iterable[EmployeeRow | InvalidRow], lines: int, say: Say
) -> Iterator[EmployeeRow | InvalidRow]:
    """The rows as they are, told in portions. There are about as many as lines."""
    for done, row in enumerate(rows, 1):
        yield row
        if done % ROWS_PER_STATEMENT == 0:
            say(Progress("read", done, max(done, lines)))


def _compare(rows: Iterable[EmployeeRow | InvalidRow], *, sync: bool) -> ImportReport:
    report = ImportReport()
    known = _read_known()
    wanted = _take_in(rows, report.broken)
    if not wanted and not report.broken:
        raise Invalid("There is no employee in this file.")
    _drop_taken(wanted, known, report.broken)
    report.broken.sort(key=lambda row: row.number)
    for number, row in wanted.items():
        _sort_in(report, row.values, known.get(number))
    if sync:
        _find_gone(report, wanted.keys(), known)
    return report


def _read_known() -> dict[str, Known]:
    columns = [getattr(Employee, name) for name in ("id", *FIELDS)]
    rows = (dict(row) for row in db.session.execute(select(*columns)).mappings())
    return {
        normal_number(row["employee_number"]): Known(row.pop("id"), _label(row), row)
        for row in rows
    }


def _label(row: dict[str, Any]) -> str:
    return f"{row['first_name']} {row['last_name']} ({row['employee_number']})"


def _take_in(
    rows: Iterable[EmployeeRow | InvalidRow], broken: list[InvalidRow]
) -> dict[str, EmployeeRow]:
    """The rows by their numbers; who stands there twice is broken the second time."""
    wanted: dict[str, EmployeeRow] = {}
    emails: set[str] = set()
    for row in rows:
        if isinstance(row, InvalidRow):
            broken.append(row)
            continue
        number, email = normal_number(str(row.values["employee_number"])), str(row.values["email"])
        if number in wanted:
            broken.append(InvalidRow(row.number, "this employee number stands here twice", number))
        elif email in emails:
            broken.append(InvalidRow(row.number, "this e-mail stands here twice", number))
        else:
            wanted[number] = row
            emails.add(email)
    return wanted


def _drop_taken(
    wanted: dict[str, EmployeeRow], known: dict[str, Known], broken: list[InvalidRow]
) -> None:
    """Take out the rows whose e-mail somebody keeps who is not in the file.

    Looked at as it would be afterwards, so that two employees may swap theirs.
    """
    wishes = {str(row.values["email"]): number for number, row in wanted.items()}
    keepers = [number for number in known if number not in wanted]
    while keepers:
        keeper = known[keepers.pop()]
        number = wishes.get(keeper.values["email"], "")
        if number not in wanted:
            continue
        row = wanted.pop(number)
        broken.append(InvalidRow(row.number, f"{keeper.label} has this e-mail", number))
        if number in known:
            # Left out, they keep the e-mail they have, which somebody else may count on.
            keepers.append(number)


def _sort_in(report: ImportReport, values: dict[str, str | bool], known: Known | None) -> None:
    if known is None:
        report.new.append(DEFAULTS | values)
        return
    # A column that the file does not have stays as it is, and so does the way a number is written.
    stays = {**known.values, **values, "employee_number": known.values["employee_number"]}
    change = Change(known, stays)
    if change.differences:
        report.changed.append(change)
    else:
        report.unchanged += 1


def _find_gone(report: ImportReport, numbers: Iterable[str], known: dict[str, Known]) -> None:
    # Who stands in a broken row is in the file all the same.
    present = {*numbers, *(normal_number(row.employee_number) for row in report.broken)}
    gone = [e for number, e in known.items() if number not in present and e.values["active"]]
    report.unsure = bool(gone) and "" in present
    report.deactivated = [] if report.unsure else gone


def _apply(report: ImportReport, say: Say) -> None:
    done, total = 0, len(report.deactivated) + len(report.changed) + len(report.new)
    for portion in _portions(report.deactivated):
        db.session.execute(end_of_access([employee.id for employee in portion]))
        say(Progress("written", done := done + len(portion), total))
    _free_emails(report)
    for changes in _portions(report.changed):
        db.session.execute(update(Employee), [{"id": c.employee.id} | c.values for c in changes])
        leavers = [change.employee.id for change in changes if change.ends_access]
        db.session.execute(end_of_access(leavers))
        say(Progress("written", done := done + len(changes), total))
    for rows in _portions(report.new):
        db.session.execute(insert(Employee), rows)
        say(Progress("written", done := done + len(rows), total))


def _free_emails(report: ImportReport) -> None:
    """Take away the e-mails that move on to somebody else: no order of rows suits a swap."""
    wanted = {change.values["email"] for change in report.changed}
    wanted |= {values["email"] for values in report.new}
    moving = [
        {"id": change.employee.id, "email": f"moving {change.employee.id}"}
        for change in report.changed
        if "email" in change.differences and change.employee.values["email"] in wanted
    ]
    for portion in _portions(moving):
        db.session.execute(update(Employee), portion)


def _forget(report: ImportReport) -> None:
    """What was kept of who changed, and the sockets of who may no longer watch."""
    leavers = [change.employee for change in report.changed if change.ends_access]
    for employees in _portions([change.employee for change in report.changed] + report.deactivated):
        forget_employees(employee.id for employee in employees)
    for employees in _portions(leavers + report.deactivated):
        close_sockets(*(employee.id for employee in employees))


def _portions(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        yield rows[start : start + ROWS_PER_STATEMENT]

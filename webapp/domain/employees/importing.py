"""Bringing the employees up to date with a file: say what would change, then change it.

Everything is read and checked before anything is written. It is then written in portions, each a
transaction of its own: a transaction that holds many employees keeps all of them from posting.
An import that breaks off has stored whole portions, and says how many rows those are. Importing
the same file again finds them unchanged and goes on with the rest.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, IntegrityError

from webapp.domain.audit import trail
from webapp.domain.employees import portions
from webapp.domain.employees.column_headers import ColumnChoice
from webapp.domain.employees.comparison import OnProgress, compare
from webapp.domain.employees.employee_file import EmployeeFile, open_file
from webapp.domain.employees.import_progress import Progress
from webapp.domain.employees.import_report import Change, ImportReport
from webapp.errors import Invalid, TownhallError, Unavailable, is_outage
from webapp.i18n import Lazy
from webapp.infra.extensions import db

# Written in some 50 ms: as long does a post of somebody among them wait.
PORTION_ROWS = 200

T = TypeVar("T")
Step = tuple[Callable[[Sequence[T]], None], Sequence[T]]


class Unconfirmed(Invalid):
    """It deactivates so many employees that somebody has to confirm it."""


def import_employees(
    data: bytes,
    *,
    name: str = "",
    encoding: str = "",
    columns: ColumnChoice | None = None,
    dry_run: bool = False,
    strict: bool = False,
    sync: bool = False,
    confirmed: bool = False,
    on_progress: OnProgress = lambda _progress: None,
) -> ImportReport:
    """Add and change employees as the file says, and return what changed.

    `sync` deactivates the employees who are not in the file. An import that deactivates more than a
    tenth of all must be `confirmed`. `strict` changes nothing when a row is invalid, `dry_run`
    changes nothing at all. `name` is the file's, for the audit log; `encoding` and `columns` are
    for a file that does not show them. Raises `Invalid` for a file that is not a list of employees.
    """
    file = open_file(data, encoding, columns)
    report = preview(file, sync=sync, on_progress=on_progress)
    if not dry_run and not (strict and report.invalid_count):
        apply(report, name=name, confirmed=confirmed, on_progress=on_progress)
    return report


def preview(file: EmployeeFile, *, sync: bool, on_progress: OnProgress) -> ImportReport:
    """Return what importing the file would change. Raises `Invalid` when that cannot be known."""
    file.check()

    def read(progress: Progress) -> None:
        on_progress(Progress("read", progress.done, max(progress.done, file.lines)))

    report = compare(file.rows(), sync=sync, on_progress=read)
    report.read_as = file.description
    return report


def apply(
    report: ImportReport, *, name: str, confirmed: bool = False, on_progress: OnProgress
) -> None:
    """Write what `report` says, in portions. Raises `Unconfirmed`.

    Raises `Invalid` or `Unavailable` when it breaks off; the message says how far it came.
    """
    if report.needs_confirmation and not confirmed:
        raise Unconfirmed(_question(report))
    # On record before the first row is written, whatever comes between.
    trail.record_now("employees_imported", subject=name, **report.counts)
    done = 0
    try:
        for write, rows in _steps(report):
            write(rows)
            done += len(rows)
            on_progress(Progress("written", done, report.writes))
        portions.arrange_rosters()
    except Exception as error:
        db.session.rollback()
        refusal = _broken_off(error, done, report.writes)
        if refusal is None:
            raise
        _record_broken_off(name, done, report.writes)
        raise refusal from error
    report.applied = True


def _question(report: ImportReport) -> Lazy:
    values = {"count": report.losing_access, "all": report.active_before}
    if report.deactivated:
        return Lazy(
            "This would deactivate %(count)s of %(all)s employees, who are not in the file."
            " Check that it is the whole list, and confirm it.",
            **values,
        )
    return Lazy(
        "This would deactivate %(count)s of %(all)s employees, because of their status in the file."
        " Check that it is read correctly, and confirm it.",
        **values,
    )


def _steps(report: ImportReport) -> Iterator[Step]:  # type: ignore[type-arg]
    """Yield what to write in which order; employees lose access last."""
    for changes in _portions_of_changes(report.changed):
        yield portions.write_changes, changes
    for rows in _portions(report.new):
        yield portions.write_new, rows
    for employees in _portions(report.deactivated):
        yield portions.deactivate, employees


def _portions(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), PORTION_ROWS):
        yield rows[start : start + PORTION_ROWS]


def _portions_of_changes(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """Yield portions of which none needs an e-mail address that only a later one frees.

    Employees who exchange their addresses in a ring stand in one portion.
    """
    moving = {c.employee.values["email"]: c for c in changes if "email" in c.differences}
    placed: set[int] = set()
    portion: list[Change] = []
    for change in changes:
        ring: list[Change] = []
        follower: Change | None = change
        while follower and follower.employee.id not in placed:
            placed.add(follower.employee.id)
            ring.append(follower)
            follower = moving.get(follower.values["email"])
        portion += reversed(ring)
        if len(portion) >= PORTION_ROWS:
            yield portion
            portion = []
    if portion:
        yield portion


def _broken_off(error: Exception, done: int, total: int) -> TownhallError | None:
    """Return what says how far the import came, unless `error` is a defect of ours."""
    stored = Lazy(
        "%(done)s of %(total)s changes are stored; import the file again for the rest.",
        done=done,
        total=total,
    )
    if isinstance(error, (portions.EmployeesChanged, IntegrityError)):
        return Invalid("Somebody changed the same employees meanwhile. %(stored)s", stored=stored)
    if not is_outage(error):
        return None
    return Unavailable("The database did not answer in time. %(stored)s", stored=stored)


def _record_broken_off(name: str, done: int, total: int) -> None:
    # The database may still be away. The entry from before the first row is there all the same.
    with suppress(DBAPIError):
        trail.record_now("employees_import_broken_off", subject=name, stored=done, of=total)

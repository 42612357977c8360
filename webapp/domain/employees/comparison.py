"""Comparing the rows of a file with the employees: what an import would change.

A row means the employee whose number it has. So that a wrong number never changes somebody else,
the e-mail address must not be another employee's, and where it is new, the first name must be
the same: the last name and the address change at a wedding.
"""

import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import select

from webapp.domain.employees.directory import FIELDS
from webapp.domain.employees.identifiers import normal_email, normal_number, number_error
from webapp.domain.employees.import_progress import Progress
from webapp.domain.employees.import_report import Change, ImportReport, Known, employee_label
from webapp.domain.employees.rows import EmployeeRow, InvalidRow
from webapp.domain.models import Employee
from webapp.errors import Invalid
from webapp.i18n import gettext as _
from webapp.infra.extensions import db

DEFAULTS = {"first_name": "", "last_name": "", "department": "", "location": "", "active": True}
# Of a file with a million invalid rows, so many are named; the others are counted.
KEPT_INVALID = 1000
ROWS_PER_STEP = 1000

OnProgress = Callable[[Progress], None]


def compare(
    rows: Iterable[EmployeeRow | InvalidRow], *, sync: bool, on_progress: OnProgress
) -> ImportReport:
    """Return what importing `rows` would change. Raises `Invalid` when there is no row."""
    comparison = _Comparison(_read_known())
    for count, row in enumerate(rows, 1):
        comparison.take(row)
        if count % ROWS_PER_STEP == 0:
            on_progress(Progress("read", count, count))
    return comparison.report(sync=sync)


def _read_known() -> list[Known]:
    columns = [getattr(Employee, name) for name in ("id", *FIELDS)]
    # No row means an erased person: the same number is somebody new.
    query = select(*columns).where(Employee.erased_at.is_(None))
    rows = (dict(row) for row in db.session.execute(query).mappings())
    return [Known(row.pop("id"), employee_label(row), row) for row in rows]


class _Comparison:
    """The employees and the rows that were taken in so far."""

    def __init__(self, known: list[Known]) -> None:
        self._known = known
        self._by_number = {normal_number(e.values["employee_number"]): e for e in known}
        self._by_email = {normal_email(e.values["email"]): e for e in known}
        # The rows that may be imported by their numbers, and the row in which each address is.
        self._wanted: dict[str, EmployeeRow] = {}
        self._emails: dict[str, int] = {}
        self._invalid: list[InvalidRow] = []
        self._invalid_count = 0
        # Employees whom an invalid row means, and whether one may mean anybody.
        self._mentioned: set[int] = set()
        self._unsure = False

    def take(self, row: EmployeeRow | InvalidRow) -> None:
        """Take in a row, as invalid when it contradicts the employees or an earlier row."""
        if isinstance(row, InvalidRow):
            self._reject(row)
            return
        email, number = str(row.values["email"]), str(row.values["employee_number"])
        key = normal_number(number)
        reason = self._repeated(key, email) or self._contradiction(row, key, email)
        if reason:
            self._reject(InvalidRow(row.number, reason, number, email))
        else:
            self._wanted[key] = row
            self._emails[email] = row.number

    def report(self, *, sync: bool) -> ImportReport:
        """Return what the rows change."""
        if not self._wanted and not self._invalid_count:
            raise Invalid("There is no employee in this file.")
        self._reject_taken_emails()
        report = ImportReport(active_before=sum(e.values["active"] for e in self._known))
        for key, row in self._wanted.items():
            _sort_in(report, row.values, self._by_number.get(key))
        if sync:
            self._find_missing(report)
        report.invalid = sorted(self._invalid, key=lambda row: row.number)
        report.invalid_count = self._invalid_count
        return report

    def _reject(self, row: InvalidRow) -> None:
        self._invalid_count += 1
        if len(self._invalid) < KEPT_INVALID:
            self._invalid.append(row)
        number = "" if number_error(row.employee_number) else normal_number(row.employee_number)
        candidates = (self._by_number.get(number), self._by_email.get(row.email))
        meant = [employee.id for employee in candidates if employee]
        self._mentioned.update(meant)
        self._unsure |= not meant and not number

    def _repeated(self, key: str, email: str) -> str | None:
        if earlier := self._wanted.get(key):
            return _("duplicate employee number in this file, see row %(row)d", row=earlier.number)
        if email in self._emails:
            return _(
                "duplicate e-mail address in this file, see row %(row)d", row=self._emails[email]
            )
        return None

    def _contradiction(self, row: EmployeeRow, key: str, email: str) -> str | None:
        """Return why the number and the address cannot both be this person's, or None."""
        holder, owner = self._by_number.get(key), self._by_email.get(email)
        if holder is owner:
            return None
        if owner and _share_a_name(owner, row):
            return _(
                "%(employee)s has this e-mail address but another employee number",
                employee=owner.label,
            )
        if holder and not _keeps_first_name(holder, row):
            return _(
                "%(employee)s has this employee number but another name and address, %(address)s",
                employee=holder.label,
                address=holder.values["email"],
            )
        return None

    def _reject_taken_emails(self) -> None:
        """Take out the rows whose address an employee keeps who is not given another one.

        Looked at as it would be afterwards, so that two employees may swap their addresses.
        """
        keepers = [e for key, e in self._by_number.items() if key not in self._wanted]
        wanted_by = {str(row.values["email"]): key for key, row in self._wanted.items()}
        while keepers:
            keeper = keepers.pop()
            key = wanted_by.get(normal_email(keeper.values["email"]), "")
            row = self._wanted.pop(key, None)
            if row is None:
                continue
            number, email = str(row.values["employee_number"]), str(row.values["email"])
            reason = _("%(employee)s has this e-mail address", employee=keeper.label)
            self._reject(InvalidRow(row.number, reason, number, email))
            if left_out := self._by_number.get(key):
                # They keep the address they have, which somebody else may count on.
                keepers.append(left_out)

    def _find_missing(self, report: ImportReport) -> None:
        missing = [
            employee
            for key, employee in self._by_number.items()
            if employee.values["active"]
            and key not in self._wanted
            and employee.id not in self._mentioned
        ]
        report.unsure = bool(missing) and self._unsure
        report.deactivated = [] if report.unsure else missing


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


def _share_a_name(known: Known, row: EmployeeRow) -> bool:
    return bool(_name_words(known.values) & _name_words(row.values))


def _keeps_first_name(known: Known, row: EmployeeRow) -> bool:
    """Return False when the row may mean a relative, or somebody else of the same last name."""
    known_first = _words(known.values["first_name"]) or _name_words(known.values)
    return bool(known_first & _name_words(row.values))


def _name_words(values: dict[str, Any]) -> set[str]:
    return _words(f"{values.get('first_name', '')} {values.get('last_name', '')}")


def _words(name: str) -> set[str]:
    folded = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(c if c.isalnum() else " " for c in folded if not unicodedata.combining(c))
    return set(letters.split())

"""The names, addresses and numbers that a person has had, as other tables may still have them."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, func, or_, select

from webapp.domain.employees.holding import Person
from webapp.domain.employees.identifiers import normal_number
from webapp.domain.employees.rosters import IDENTITY
from webapp.domain.models import Admin, AuditEntry, Employee, RosterEntry
from webapp.infra.extensions import db

# `Ada Lovelace (1001)`, as the audit log names an employee.
LABEL = re.compile(r"(.*) \((.*)\)", re.DOTALL)


@dataclass
class Aliases:
    """What a person has been called; `labels` are a name with a number, which nobody shares."""

    names: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)

    def add(self, name: str, email: str, number: str) -> None:
        """Add one identity; empty texts are left out."""
        self.names |= {name} - {""}
        self.emails |= {email} - {""}
        self.numbers |= {number} - {""}
        self.labels.add(f"{name} ({number})")


def find_aliases(person: Person) -> Aliases:
    """Return what the person has been called: now, on rosters, and by the audit log."""
    found = Aliases()
    found.add(person.name, person.email, person.employee_number)
    columns = [getattr(RosterEntry, name) for name in IDENTITY]
    here = (RosterEntry.event_id.in_(person.event_ids), RosterEntry.employee_id == person.id)
    rows = select(*columns).where(*here).distinct()
    for row in db.session.execute(rows):
        found.add(f"{row.first_name} {row.last_name}".strip(), row.email, row.employee_number)
    _follow_changes(found, person)
    _leave_to_others(found, person)
    return found


def _follow_changes(found: Aliases, person: Person) -> None:
    """Add what the audit log says that the person was called before it was changed."""
    numbers, seen = list(found.numbers), set[str]()
    while numbers:
        number = numbers.pop()
        seen.add(number)
        for subject, details in _read_changes(number):
            before = {name: _before(details.get(name)) for name in ("email", "employee_number")}
            label = LABEL.fullmatch(subject)
            if label and (earlier := label[2]) and not _is_taken(earlier, person.id):
                found.add(label[1], before["email"], earlier)
                numbers += {earlier} - seen - set(numbers)


def _read_changes(number: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the changes of an employee who had this number before or after them."""
    ended = json.dumps(number, ensure_ascii=False) + "]"
    query = select(AuditEntry.subject, AuditEntry.details).where(
        AuditEntry.action == "employee_changed",
        or_(
            AuditEntry.subject.endswith(f" ({number})", autoescape=True),
            and_(
                AuditEntry.details.contains('"employee_number": [', autoescape=True),
                AuditEntry.details.contains(ended, autoescape=True),
            ),
        ),
    )
    rows = [(subject, json.loads(details)) for subject, details in db.session.execute(query)]
    return [
        (subject, details)
        for subject, details in rows
        if subject.endswith(f" ({number})") or details.get("employee_number", [])[-1:] == [number]
    ]


def _before(change: Any) -> str:
    return str(change[0]) if isinstance(change, list) and change else ""


def _is_taken(number: str, employee_id: int) -> bool:
    """Return whether the number is another employee's by now."""
    same = select(Employee.employee_number).where(Employee.id != employee_id)
    wanted = normal_number(number)
    return any(normal_number(known) == wanted for known in db.session.scalars(same))


def _leave_to_others(found: Aliases, person: Person) -> None:
    """Drop names and addresses that are somebody else's too: texts may mean that one."""
    full_name = func.trim(Employee.first_name + " " + Employee.last_name)
    others = select(full_name).where(Employee.id != person.id, full_name.in_(found.names))
    shared = {name.casefold() for name in db.session.scalars(others)}
    # A first name alone would be found in half of all texts.
    found.names = {n for n in found.names if " " in n and n.casefold() not in shared}
    emails = select(Employee.email).where(Employee.id != person.id)
    taken = set(db.session.scalars(emails.where(Employee.email.in_(found.emails))))
    taken |= set(db.session.scalars(select(Admin.email).where(Admin.email.in_(found.emails))))
    found.emails -= taken

"""The report on an import: its changes, or those that it would make."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from webapp.domain.employees.rows import InvalidRow

# An import that deactivates more than one employee in ten has to be confirmed. A column of the
# file may name so many leavers itself, who may be most of a small company.
UNCONFIRMED_SHARE, UNCONFIRMED_LEAVERS = 10, 10


@dataclass(frozen=True, slots=True)
class Known:
    """An employee as the database has them; `label` is for people."""

    id: int
    label: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """An employee whose row differs; `values` are all fields as they will be."""

    employee: Known
    values: dict[str, Any]

    @property
    def differences(self) -> dict[str, tuple[Any, Any]]:
        """Return the values before and after of each field that changes."""
        before = self.employee.values
        return {name: (before[name], v) for name, v in self.values.items() if before[name] != v}

    @property
    def ends_access(self) -> bool:
        """Return True when the change deactivates an active employee."""
        return self.differences.get("active") == (True, False)


@dataclass
class ImportReport:
    """What an import changes, or would change; invalid rows are left out of it.

    `unsure` says that `sync` deactivates nobody, because an invalid row may be anybody's.
    `active_before` counts the employees who may check in so far; `read_as` describes the file.
    """

    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    unchanged: int = 0
    deactivated: list[Known] = field(default_factory=list)
    invalid: list[InvalidRow] = field(default_factory=list)
    invalid_count: int = 0
    active_before: int = 0
    read_as: str = ""
    unsure: bool = False
    applied: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """Return the number of rows of each kind."""
        return {
            "new": len(self.new),
            "changed": len(self.changed),
            "unchanged": self.unchanged,
            "deactivated": len(self.deactivated),
            "broken": self.invalid_count,
        }

    @property
    def writes(self) -> int:
        """Return the number of employees that are added, changed or deactivated."""
        return len(self.new) + len(self.changed) + len(self.deactivated)

    @property
    def losing_access(self) -> int:
        """Return how many employees are deactivated: by the sync, or by a status in the file."""
        return len(self.deactivated) + sum(change.ends_access for change in self.changed)

    @property
    def needs_confirmation(self) -> bool:
        """Return True when it deactivates more than a tenth of all active employees."""
        asked = bool(self.deactivated) or self.losing_access > UNCONFIRMED_LEAVERS
        return asked and self.losing_access * UNCONFIRMED_SHARE > self.active_before

    @property
    def fingerprint(self) -> str:
        """Return a digest of everything that would be written, to compare two reports."""
        digest = hashlib.sha256()
        for values in self.new:
            digest.update(repr(sorted(values.items())).encode())
        for change in self.changed:
            digest.update(repr((change.employee.id, change.differences)).encode())
        digest.update(repr([employee.id for employee in self.deactivated]).encode())
        return digest.hexdigest()


def employee_label(values: dict[str, Any]) -> str:
    """Return name and number, which tell two employees of one name apart."""
    name = f"{values['first_name']} {values['last_name']}".strip()
    return f"{name} ({values['employee_number']})"

"""The upload of a list of employees, and the form of one of them."""

from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, StringField

from webapp.domain.employees.directory import FIELDS
from webapp.domain.employees.rows import LENGTHS
from webapp.http.forms import Form
from webapp.infra.text import one_line


def _text(label: str) -> StringField:
    return StringField(label, filters=[lambda text: one_line(text or "")])


class ImportForm(Form):
    """A CSV file, and how it is to be taken."""

    file = FileField("CSV file", [FileRequired("Choose a file.")])
    strict = BooleanField("Import nothing if a row is broken")
    sync = BooleanField("Deactivate employees who are not in the file")
    confirmed = BooleanField("The file is the whole list: deactivate more than a tenth")


class EmployeeForm(Form):
    """One employee; whether the fields are right is the core's to say."""

    first_name = _text("First name")
    last_name = _text("Last name")
    email = _text("E-mail")
    employee_number = _text("Employee number")
    department = _text("Department")
    location = _text("Location")
    active = BooleanField("May check in", default=True)

    lengths = LENGTHS

    def values(self) -> dict[str, Any]:
        """What it says, by column."""
        return {name: self[name].data for name in FIELDS}

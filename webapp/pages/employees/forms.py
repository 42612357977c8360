"""The upload of an employee list, and the form of one employee."""

from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, StringField

from webapp.domain.employees.directory import FIELDS
from webapp.domain.employees.rows import LENGTHS
from webapp.http.forms import Form
from webapp.infra.text import one_line


def _text(label: str) -> StringField:
    return StringField(label, filters=[lambda text: one_line(text or "")])


class UploadForm(Form):
    """A file, and how it is to be imported."""

    file = FileField("CSV file or Excel workbook", [FileRequired("Choose a file.")])
    strict = BooleanField("Import nothing if a row is broken")
    sync = BooleanField("Deactivate employees who are not in the file")


class EmployeeForm(Form):
    """One employee. The domain checks the fields, by the rules of the import."""

    first_name = _text("First name")
    last_name = _text("Last name")
    email = _text("E-mail")
    employee_number = _text("Employee number")
    department = _text("Department")
    location = _text("Location")
    active = BooleanField("May check in", default=True)

    lengths = LENGTHS

    def values(self) -> dict[str, Any]:
        """Return the fields by their names."""
        return {name: self[name].data for name in FIELDS}

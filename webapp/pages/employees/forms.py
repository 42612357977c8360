"""The upload of an employee list, and the form of one employee."""

from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, StringField

from webapp.domain.employees.directory import FIELDS
from webapp.domain.employees.rows import LENGTHS
from webapp.http.forms import Form
from webapp.i18n import Lazy, lazy
from webapp.infra.text import one_line


def _text(label: Lazy) -> StringField:
    return StringField(label, filters=[lambda text: one_line(text or "")])


class UploadForm(Form):
    """A file, and how it is to be imported."""

    file = FileField(lazy("CSV file or Excel workbook"), [FileRequired(lazy("Choose a file."))])
    strict = BooleanField(lazy("Import nothing if a row is broken"))
    sync = BooleanField(lazy("Deactivate employees who are not in the file"))


class EmployeeForm(Form):
    """One employee. The domain checks the fields, by the rules of the import."""

    first_name = _text(lazy("First name"))
    last_name = _text(lazy("Last name"))
    email = _text(lazy("E-mail"))
    employee_number = _text(lazy("Employee number"))
    department = _text(lazy("Department"))
    location = _text(lazy("Location"))
    active = BooleanField(lazy("May check in"), default=True)

    lengths = LENGTHS

    def values(self) -> dict[str, Any]:
        """Return the fields by their names."""
        return {name: self[name].data for name in FIELDS}

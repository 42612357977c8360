"""The upload of a list of employees."""

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField


class ImportForm(FlaskForm):
    """A CSV file, and how it is to be taken."""

    file = FileField("CSV file", [FileRequired("Choose a file.")])
    strict = BooleanField("Import nothing if a row is broken")
    sync = BooleanField("Deactivate employees who are not in the file")

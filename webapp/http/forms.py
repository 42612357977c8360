"""The base class of every form."""

from functools import cache
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from wtforms import FileField, IntegerField, SelectField
from wtforms.fields import SelectChoice
from wtforms.i18n import get_translations

from webapp.errors import Invalid, TownhallError
from webapp.i18n import Lazy, current_language, gettext, lazy

MAX_DIGITS = 9
TOO_LONG = lazy("Enter a number of at most %(digits)s digits.", digits=MAX_DIGITS)


class Form(FlaskForm):
    """A form that reads text from form fields only, and files for its file fields only.

    Flask-WTF would also read JSON bodies and file parts into text fields, whose filters then fail.
    """

    class Meta(FlaskForm.Meta):
        # `CSRFProtect` verifies every POST, and the templates ask for the token themselves.
        csrf = False

        def get_translations(self, form: FlaskForm) -> Any:
            """Return the messages of WTForms' own validators in the current language."""
            return _translations(current_language())

        def wrap_formdata(self, form: FlaskForm, formdata: Any) -> Any:
            """Return the submitted fields; None for a GET, or where the caller passed None."""
            if formdata is None or request.method != "POST":
                return None
            names = [field.name for field in form if isinstance(field, FileField)]
            files = [(name, file) for name in names for file in request.files.getlist(name)]
            return CombinedMultiDict([MultiDict(files), request.form])

    def check(self) -> None:
        """Raise `Invalid` when a field is wrong; the fields say how."""
        if not self.validate():
            raise Invalid("Check the fields that are marked below.")

    def mark(self, error: TownhallError | None) -> None:
        """Mark the field that the domain refused with its message, beside those of the form."""
        if error and error.form_field in self:
            field = self[error.form_field]
            field.errors = [*field.errors, error.message]


@cache  # each call looks for eight files
def _translations(language: str) -> Any:
    return get_translations([language])


class WholeNumberField(IntegerField):
    """A whole number of at most nine digits; validators of larger ones overflow."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Parse the number. Raises `ValueError` for any other text."""
        if valuelist and len(valuelist[0].strip()) > MAX_DIGITS:
            raise ValueError(str(TOO_LONG))
        super().process_formdata(valuelist)


class SwitchField(SelectField):
    """A choice of two: yes (`1`) and no (`0`). A request without it leaves the default."""

    def __init__(self, label: Lazy, yes: Lazy, no: Lazy, **options: Any) -> None:
        choices = [SelectChoice("1", yes), SelectChoice("0", no)]
        super().__init__(label, choices=choices, coerce=_as_switch, **options)


def _as_switch(value: Any) -> bool:
    match value:
        case True | "1":
            return True
        case False | "0":
            return False
    raise ValueError(gettext("Choose one of the two."))

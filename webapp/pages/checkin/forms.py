"""The check-in form."""

from wtforms import EmailField, StringField
from wtforms.validators import DataRequired, Length

from webapp.http.forms import Form
from webapp.i18n import lazy


class CheckInForm(Form):
    """An employee's e-mail address and number; the domain decides whether they match."""

    email = EmailField(
        lazy("Work e-mail"),
        [
            DataRequired(lazy("Enter your work e-mail.")),
            Length(max=254, message=lazy("An e-mail address has at most %(max)d characters.")),
        ],
    )
    employee_number = StringField(
        lazy("Employee number"),
        [
            DataRequired(lazy("Enter your employee number.")),
            Length(max=64, message=lazy("An employee number has at most %(max)d characters.")),
        ],
    )

"""The check-in form."""

from wtforms import EmailField, StringField
from wtforms.validators import DataRequired, Length

from webapp.http.forms import Form


class CheckInForm(Form):
    """An employee's e-mail address and number; the domain decides whether they match."""

    email = EmailField(
        "Work e-mail",
        [
            DataRequired("Enter your work e-mail."),
            Length(max=254, message="An e-mail address has at most %(max)d characters."),
        ],
    )
    employee_number = StringField(
        "Employee number",
        [
            DataRequired("Enter your employee number."),
            Length(max=64, message="An employee number has at most %(max)d characters."),
        ],
    )

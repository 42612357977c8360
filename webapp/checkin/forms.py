"""The check-in form."""

from flask_wtf import FlaskForm
from wtforms import EmailField, StringField
from wtforms.validators import InputRequired, Length

from webapp.core.text import clean_field


class CheckInForm(FlaskForm):
    """What an employee types; whether it matches anybody is the core's to say."""

    email = EmailField(
        "Work e-mail",
        [InputRequired("Enter your work e-mail."), Length(max=254)],
        filters=[clean_field],
    )
    employee_number = StringField(
        "Employee number",
        [InputRequired("Enter your employee number."), Length(max=64)],
        filters=[clean_field],
    )

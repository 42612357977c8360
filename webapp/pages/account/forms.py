"""The admin sign-in form."""

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from webapp.infra.text import clean_field


class SignInForm(FlaskForm):
    """An admin's e-mail address and password."""

    email = EmailField(
        "E-mail", [InputRequired("Enter your e-mail."), Length(max=254)], filters=[clean_field]
    )
    password = PasswordField("Password", [InputRequired("Enter your password."), Length(max=1000)])

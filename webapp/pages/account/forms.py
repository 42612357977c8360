"""The admin sign-in form."""

from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from webapp.http.forms import Form


class SignInForm(Form):
    """An admin's e-mail address and password."""

    email = EmailField("E-mail", [InputRequired("Enter your e-mail."), Length(max=254)])
    password = PasswordField("Password", [InputRequired("Enter your password."), Length(max=1000)])

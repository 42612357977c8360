"""The admin sign-in form."""

from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from webapp.http.forms import Form
from webapp.i18n import lazy


class SignInForm(Form):
    """An admin's e-mail address and password."""

    email = EmailField(lazy("E-mail"), [InputRequired(lazy("Enter your e-mail.")), Length(max=254)])
    password = PasswordField(
        lazy("Password"), [InputRequired(lazy("Enter your password.")), Length(max=1000)]
    )

"""The admin sign-in form."""

from wtforms import EmailField, PasswordField
from wtforms.validators import EqualTo, InputRequired, Length

from webapp.http.forms import Form
from webapp.i18n import lazy


class SignInForm(Form):
    """An admin's e-mail address and password."""

    email = EmailField(lazy("E-mail"), [InputRequired(lazy("Enter your e-mail.")), Length(max=254)])
    password = PasswordField(
        lazy("Password"), [InputRequired(lazy("Enter your password.")), Length(max=1000)]
    )


class PasswordForm(Form):
    """An admin's password until now, and the new one twice. The domain checks its length."""

    current = PasswordField(
        lazy("Current password"),
        [InputRequired(lazy("Enter your current password.")), Length(max=1000)],
    )
    password = PasswordField(
        lazy("New password"), [InputRequired(lazy("Enter a password.")), Length(max=1000)]
    )
    repeated = PasswordField(
        lazy("The same password again"),
        [
            InputRequired(lazy("Enter the password again.")),
            EqualTo("password", lazy("The two passwords differ.")),
        ],
    )

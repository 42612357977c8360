"""The forms about admins: inviting one, another role, and accepting an invitation."""

from typing import Any

from wtforms import EmailField, PasswordField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import EqualTo, InputRequired, Length

from webapp.domain.admins.accounts import NAME_LENGTH
from webapp.domain.admins.roles import ROLES
from webapp.http.forms import Form
from webapp.i18n import lazy
from webapp.infra.text import one_line

# An owner has to be chosen on purpose.
LEAST = list(ROLES)[-1]


def _roles(**options: Any) -> SelectField:
    choices = [SelectChoice(role, name) for role, name in ROLES.items()]
    # The domain refuses an unknown role, with the names of those that there are.
    return SelectField(lazy("Role"), choices=choices, validate_choice=False, **options)


class InviteForm(Form):
    """The e-mail address of a person and the role that they get."""

    email = EmailField(lazy("E-mail"), [InputRequired(lazy("Enter an e-mail.")), Length(max=254)])
    role = _roles(default=LEAST)


class RoleForm(Form):
    """Another role."""

    role = _roles()


class AcceptForm(Form):
    """The name and the password of a person who accepts an invitation."""

    name = StringField(
        lazy("Your name, as other admins see it"),
        [InputRequired(lazy("Enter your name.")), Length(max=NAME_LENGTH)],
        filters=[lambda text: one_line(text or "")],
    )
    # The domain checks its length.
    password = PasswordField(
        lazy("Password"), [InputRequired(lazy("Enter a password.")), Length(max=1000)]
    )
    repeated = PasswordField(
        lazy("The same password again"),
        [
            InputRequired(lazy("Enter the password again.")),
            EqualTo("password", lazy("The two passwords differ.")),
        ],
    )

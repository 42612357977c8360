"""The page of all parts; served in development only (`make dev`)."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, DateTimeLocalField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length

from webapp.errors import Invalid
from webapp.http.access import public
from webapp.http.forms import Form
from webapp.http.rendering import redirect_to, render
from webapp.http.toasts import notify

bp = Blueprint("parts", __name__, url_prefix="/parts")


class ExampleForm(Form):
    """One field of each kind."""

    title = StringField("Title", [DataRequired("Enter a title."), Length(max=200)])
    starts_at = DateTimeLocalField("Start")
    kind = SelectField(
        "Kind", choices=[SelectChoice("a", "A town hall"), SelectChoice("b", "A talk")]
    )
    description = TextAreaField("Description", [Length(max=4000)])
    archived = BooleanField("Keep it in the list")


@bp.get("")
@public
def show_parts() -> ResponseReturnValue:
    return render("parts/show_parts.html", form=ExampleForm())


@bp.post("")
@public
def send_form() -> ResponseReturnValue:
    form = ExampleForm()
    if not form.validate():
        return render("parts/show_parts.html", form=form, error=Invalid("Check the marked fields."))
    notify("Saved.", undo="/parts")
    return redirect_to("/parts")

"""Converters of values in addresses."""

from werkzeug.routing import BaseConverter, ValidationError

from webapp.errors import Invalid
from webapp.infra.ids import parse_id


class IdConverter(BaseConverter):
    """The id of a row, as `<id:message_id>` in a rule; no rule matches what is not an id."""

    # Werkzeug answers 405 where the digits fit a rule of another method, though no id is that long.
    regex = "[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        """Return the id. Raises `ValidationError`, which the client sees as 404."""
        try:
            return parse_id(value)
        except Invalid:
            raise ValidationError from None

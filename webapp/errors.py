"""The errors that users see, the same in pages, fragments, JSON and acknowledgements."""

import logging
import sqlite3
from typing import Any, ClassVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from webapp.i18n import Lazy, lazy

log = logging.getLogger(__name__)

# MySQL: the server shuts down; MariaDB: the connection was killed.
SERVER_ENDS = frozenset({1053, 1927})


class TownhallError(Exception):
    """An error with a `code` for programs and a `message` for people.

    `form_field` names the field of a form that is wrong, or is empty. `text` is in English, with
    `values` for `%(name)s`. It is translated when it is shown: an error may arise in a batch that
    serves viewers of several languages.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    text: ClassVar[Lazy] = lazy("Something went wrong on our side. The error has been logged.")
    form_field: str = ""

    def __init__(
        self,
        text: str | Lazy | None = None,
        /,
        *,
        retry_after: int | None = None,
        form_field: str = "",
        **values: Any,
    ) -> None:
        self.form_field = form_field or self.form_field
        self._text = Lazy(text, **values) if isinstance(text, str) else text or self.text
        self.retry_after = retry_after
        super().__init__(text, values)

    @property
    def message(self) -> str:
        """Return the text in the current language."""
        return str(self._text)

    def __str__(self) -> str:
        return self.message

    def as_dict(self) -> dict[str, Any]:
        """Return `{code, message, retry_after?}` for JSON bodies and acknowledgements."""
        body: dict[str, Any] = {"code": self.code, "message": self.message}
        return body if self.retry_after is None else body | {"retry_after": self.retry_after}


class NotReady(Exception):
    """A part of this process does not work at present. `str()` may be shown to a load balancer."""


class NotFound(TownhallError):
    code, status = "invalid", 404
    text = lazy("There is no page at this address.")


class Forbidden(TownhallError):
    code, status = "invalid", 403

    def __init__(self, *, role: str) -> None:
        super().__init__(
            "Your role (%(role)s) does not include this. An owner can change your role.", role=role
        )


class NotCheckedIn(TownhallError):
    code, status = "not_checked_in", 401
    text = lazy("Check in to this event first.")


class EventNotOpen(TownhallError):
    code, status = "event_not_open", 409
    text = lazy("This event is not open.")


class ChatClosed(TownhallError):
    code, status = "chat_closed", 409
    text = lazy("The chat of this event is closed.")


class Invalid(TownhallError):
    code, status = "invalid", 422
    text = lazy("The request could not be read.")


class SlowDown(TownhallError):
    code, status = "slow_down", 429
    text = lazy("You are sending too fast. Wait a moment and try again.")


class Muted(TownhallError):
    code, status = "muted", 403
    text = lazy("A moderator has muted you in this event.")


class Unavailable(TownhallError):
    code, status = "unavailable", 503
    text = lazy("Nothing can be saved right now. Try again in a moment.")

    def __init__(
        self, text: str | Lazy | None = None, /, *, retry_after: int = 2, **values: Any
    ) -> None:
        super().__init__(text, retry_after=retry_after, **values)


class RowLocked(Unavailable):
    """Another transaction, such as an import, holds a row that this one needs."""


def is_outage(error: BaseException) -> bool:
    """Return True when the database failed in a way that a retry may cure."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, (OperationalError, InterfaceError, PoolTimeout, RowLocked))


def as_townhall_error(error: Exception) -> TownhallError:
    """Return the error to show to the user for `error`; log outages and defects."""
    if isinstance(error, TownhallError):
        return error
    if is_outage(error):
        log_outage(error)
        return Unavailable()
    log.error("unexpected error", exc_info=error)
    return TownhallError()


def log_outage(error: BaseException) -> None:
    """Log why the database failed: one line a minute for each reason, whichever part found it."""
    reason = getattr(error, "orig", None) or error.__cause__ or error
    code = reason.args[0] if reason.args else None
    refuses = isinstance(reason, sqlite3.Error) or (
        # Numbers from 2000 are the client's: no connection, or one that broke.
        isinstance(code, int) and code < 2000 and code not in SERVER_ENDS
    )
    words = "refuses" if refuses else "does not answer"
    kind = f"outage {code}" if refuses else "outage"
    log.warning("the database %s: %s", words, first_line(reason), extra={"kind": kind})


def first_line(error: BaseException) -> str:
    """Return the first line of `error`, without the SQL that SQLAlchemy adds."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]

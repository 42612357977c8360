"""The one family of errors. Pages, fragments, JSON and acknowledgements show them alike."""

import logging
from typing import Any, ClassVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

log = logging.getLogger(__name__)


class TownhallError(Exception):
    """Something the user is told. `code` is for programs, `message` for people."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    message: str = "Something went wrong on our side. It has been noted."

    def __init__(self, message: str | None = None, *, retry_after: int | None = None) -> None:
        self.message = message or self.message
        self.retry_after = retry_after
        super().__init__(self.message)

    def as_dict(self) -> dict[str, Any]:
        """`{code, message, retry_after?}`: the same in JSON bodies and acknowledgements."""
        body: dict[str, Any] = {"code": self.code, "message": self.message}
        return body if self.retry_after is None else body | {"retry_after": self.retry_after}


class NotFound(TownhallError):
    code, status = "invalid", 404
    message = "There is nothing at this address."


class NotCheckedIn(TownhallError):
    code, status = "not_checked_in", 401
    message = "Check in to this event first."


class EventNotOpen(TownhallError):
    code, status = "event_not_open", 409
    message = "This event is not open."


class ChatClosed(TownhallError):
    code, status = "chat_closed", 409
    message = "The chat of this event is closed."


class Invalid(TownhallError):
    code, status = "invalid", 422
    message = "That could not be read."


class SlowDown(TownhallError):
    code, status = "slow_down", 429
    message = "That was a little fast. Wait a moment and send it again."


class Muted(TownhallError):
    code, status = "muted", 403
    message = "A moderator has muted you in this event."


class Unavailable(TownhallError):
    code, status = "unavailable", 503
    message = "We cannot store anything just now. Try again in a moment."

    def __init__(self, message: str | None = None, *, retry_after: int = 2) -> None:
        super().__init__(message, retry_after=retry_after)


def is_outage(error: BaseException) -> bool:
    """True when the database did not answer or gave up; the same statement may work later."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, (OperationalError, InterfaceError, PoolTimeout))


def as_townhall_error(error: Exception) -> TownhallError:
    """The member of the family that says what `error` means to the user; logs what is ours."""
    if isinstance(error, TownhallError):
        return error
    if is_outage(error):
        log.warning("the database does not answer: %s", first_line(error))
        return Unavailable()
    log.error("unexpected error", exc_info=error)
    return TownhallError()


def first_line(error: Exception) -> str:
    """What `error` says, without the statement and the advice that SQLAlchemy adds."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]

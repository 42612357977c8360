"""Packets of the live socket: what a handler takes, and what it answers."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from realtime.fanout.registry import Connection
from realtime.transport.connection import Ack
from webapp.errors import Invalid, TownhallError, as_townhall_error

Packet = dict[str, Any]
Respond = Callable[[Packet], object]
Handler = Callable[[Connection, Packet, Respond], None]
H = TypeVar("H", bound=Callable[..., None])

# By the event of each quick handler: whether it would have to wait just now.
_waits: dict[str, Callable[[Connection], bool]] = {}


class Stored(Protocol):
    """The receipt of something that was stored."""

    def as_dict(self) -> dict[str, Any]:
        """Return the fields of its acknowledgement."""
        ...


def handlers_of(*parts: object) -> dict[str, Handler]:
    """Return the methods `on_NAME` of all parts by the name of the event that they handle."""
    return {
        method.removeprefix("on_"): getattr(part, method)
        for part in parts
        for method in dir(part)
        if method.startswith("on_")
    }


def quick(unless: Callable[[Connection], bool] = lambda _: False) -> Callable[[H], H]:
    """Mark a handler that waits for nothing, unless `unless` returns True for the connection.

    The event loop itself calls it, which takes a fifth of the time of waking a green thread.
    """

    def mark(handler: H) -> H:
        _waits[handler.__name__.removeprefix("on_")] = unless
        return handler

    return mark


def is_quick(name: str, connection: Connection) -> bool:
    """Return True when the handler of the event `name` would not wait just now."""
    return name in _waits and not _waits[name](connection)


def one_object(packet: object = None, *more: object) -> Packet:
    """Return the only argument of an event. Raises `Invalid` unless it is an object."""
    if more or not isinstance(packet, dict):
        raise Invalid("Send one object.")
    return packet


def let_overtake(respond: Respond) -> None:
    """Have the client's next event handled before this one is acknowledged.

    Votes and answers wait for a transaction of their own; a message behind them need not.
    """
    if isinstance(respond, Ack):
        respond.let_overtake()


def answer_of(outcome: Stored | TownhallError) -> Packet:
    """Return the acknowledgement of a receipt, or of the error that refused the draft."""
    if isinstance(outcome, TownhallError):
        return refusal(outcome)
    return {"ok": True} | outcome.as_dict()


def refusal(error: Exception) -> Packet:
    """Return the acknowledgement `{ok: false, error}`."""
    return {"ok": False, "error": as_townhall_error(error).as_dict()}

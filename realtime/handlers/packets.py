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

_quick: set[str] = set()


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


def quick(handler: H) -> H:
    """Mark a handler that waits for nothing: it only adds to what is in memory.

    The event loop itself calls it, which takes a fifth of the time of waking a green thread.
    """
    _quick.add(handler.__name__.removeprefix("on_"))
    return handler


def is_quick(name: str) -> bool:
    """Return True when the handler of the event `name` waits for nothing."""
    return name in _quick


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

"""The pool of connections to the database server; nobody waits in it for long, or in a crowd."""

import logging
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from pymysql.connections import Connection
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, QueuePool

from webapp.infra.circuit_breaker import Breaker

# About what a node answers in the seconds that one may wait: more would wait in vain.
MOST_WAITING = 500
# For a ping, or to let a new connection in: quick even where the database is busy.
GREETING_SECONDS = 3
STATEMENT_SECONDS = 5

# Under its own name upstream is quiet.
logging.getLogger(__name__).setLevel(logging.WARNING)


class BoundedPool(QueuePool):
    """A pool that refuses at once while the database does not answer, or too many wait.

    It would else collect every handler of a node for the whole time-out, again and again.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting = 0
        self._breaker = Breaker("the database")

    def connect(self) -> PoolProxiedConnection:
        """A connection that has just answered. Raises what the database raised, or `PoolTimeout`
        while it is known not to answer, or nobody gave a connection back."""
        if self._breaker.open or self._waiting >= MOST_WAITING:
            raise PoolTimeout("the database does not answer, or too many wait for it")
        self._waiting += 1
        try:
            connection = super().connect()
        except Exception as error:
            self._breaker.failed(error)
            raise
        finally:
            self._waiting -= 1
        _wait_at_most(STATEMENT_SECONDS, connection.dbapi_connection)
        return connection

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        _wait_at_most(GREETING_SECONDS, record.dbapi_connection)
        super()._do_return_conn(record)


# Generic to a type checker alone.
if TYPE_CHECKING:
    PlainConnection = Connection[Any]
else:
    PlainConnection = Connection


class QuickConnection(PlainConnection):
    """A connection that shares what is the same for all of them.

    PyMySQL reads the machine's certificates for each: 50 ms of CPU and a MiB, so that the first
    second of a rush went by with that. It is for nothing, too: without `ssl_ca` it verifies none.
    """

    _encrypting: ClassVar[ssl.SSLContext | None] = None

    def _create_ssl_ctx(self, options: dict[str, Any] | ssl.SSLContext) -> ssl.SSLContext:
        make: Callable[[Any], ssl.SSLContext] = super()._create_ssl_ctx  # type: ignore[misc]
        if options:
            return make(options)
        shared = QuickConnection._encrypting = QuickConnection._encrypting or make({})
        return shared


def connect_quickly(_dialect: object, _record: object, args: Any, options: Any) -> QuickConnection:
    """For SQLAlchemy's event `do_connect`."""
    return QuickConnection(*args, **options)


def note_silence(context: ExceptionContext) -> None:
    """A ping that got no answer is the verdict; the pool would wait once more, to connect anew.

    After one that broke, as at a restart, it does that.
    """
    timed_out = isinstance(context.original_exception.__context__, TimeoutError)
    if context.is_pre_ping and timed_out:
        context.is_disconnect = False


def _wait_at_most(seconds: int, connection: Any) -> None:
    # PyMySQL reads it before each answer, and has no public name for it.
    if connection is not None:
        connection._read_timeout = seconds

"""The pool of connections to the database server, in which nobody waits for long or in a crowd."""

import copy
import logging
import math
import socket
import ssl
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from pymysql.connections import Connection
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, QueuePool

from webapp.errors import log_outage
from webapp.infra.circuit_breaker import Breaker

# About as many as a node answers within `pool_timeout`: more would wait in vain.
MOST_WAITING = 500
# For a ping or a new connection: both are quick even while the database is busy.
GREETING_SECONDS = 3
STATEMENT_SECONDS = 5

# Errors of a member that left its cluster (1047) or serves reads only (1290, 1836). Its connections
# must be given up: the same address may lead to another server, and these lead to this one.
UNUSABLE_SERVER = frozenset({1047, 1290, 1836})

# The server has no connection left (1040), or none for this user (1203, 1226).
NO_MORE_CONNECTIONS = frozenset({1040, 1203, 1226})
# Then the server is asked once a second, since it logs each refusal.
NO_MORE_SECONDS = 1.0
LOOK_SECONDS = 0.05

# A pool logs under the name of its module, and says each invalidation at INFO.
logging.getLogger(__name__).setLevel(logging.WARNING)


class BoundedPool(QueuePool):
    """A pool that refuses at once while the database does not answer or too many wait.

    Otherwise it would hold every handler of a node for the whole timeout, again and again.
    Overrides the private method `_do_return_conn`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting = 0
        # `log_outage` logs what the pool raises.
        self._breaker = Breaker("the database", logs=False)
        self._reason: Exception | None = None
        self._no_more_until = 0.0
        self._lent_at = -math.inf

    def connect(self) -> PoolProxiedConnection:
        """Return a connection that has just answered a ping.

        Raises what the database raised, or `PoolTimeout` while it is known not to answer or when
        no connection becomes free in time.
        """
        if self._breaker.open:
            raise PoolTimeout("it failed just now") from self._reason
        if self._waiting >= MOST_WAITING:
            raise PoolTimeout("too many wait for it")
        self._waiting += 1
        try:
            connection = self._borrow()
        except Exception as error:
            if not self._has_others(error):
                self._breaker.failed(error)
            # Without its traceback, which would keep the data of a request.
            self._reason = copy.copy(error)
            raise
        finally:
            self._waiting -= 1
        _wait_at_most(STATEMENT_SECONDS, connection.dbapi_connection)
        return connection

    def _borrow(self) -> PoolProxiedConnection:
        """Return a connection; while no more can be opened, wait for one that works."""
        deadline = time.monotonic() + self.timeout()
        while True:
            self._wait_for_own()
            try:
                connection = super().connect()
            except Exception as error:
                if not self._has_others(error) or time.monotonic() > deadline:
                    raise
                log_outage(error)
                self._no_more_until = time.monotonic() + NO_MORE_SECONDS
                time.sleep(LOOK_SECONDS)
            else:
                self._lent_at = time.monotonic()
                return connection

    def _has_others(self, error: Exception) -> bool:
        """Return whether `error` only kept this process from opening one more connection."""
        unknown_name = isinstance(getattr(error, "original_exception", None), socket.gaierror)
        is_full = error.args and error.args[0] in NO_MORE_CONNECTIONS
        return bool(is_full or unknown_name) and time.monotonic() < self._lent_at + self.timeout()

    def _wait_for_own(self) -> None:
        while not self.checkedin() and time.monotonic() < self._no_more_until:
            time.sleep(LOOK_SECONDS)

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        _wait_at_most(GREETING_SECONDS, record.dbapi_connection)
        super()._do_return_conn(record)


# Generic for a type checker only.
if TYPE_CHECKING:
    PlainConnection = Connection[Any]
else:
    PlainConnection = Connection


class QuickConnection(PlainConnection):
    """A connection that shares its TLS context with all others.

    PyMySQL reads the machine's certificates for each connection: 50 ms of CPU and 1 MiB, which
    took the first second of a rush. Without `ssl_ca` it does not even verify a certificate.
    Overrides the private method `_create_ssl_ctx`.
    """

    _encrypting: ClassVar[ssl.SSLContext | None] = None

    def _create_ssl_ctx(self, options: dict[str, Any] | ssl.SSLContext) -> ssl.SSLContext:
        make: Callable[[Any], ssl.SSLContext] = super()._create_ssl_ctx  # type: ignore[misc]
        if options:
            return make(options)
        shared = QuickConnection._encrypting = QuickConnection._encrypting or make({})
        return shared


def connect_quickly(_dialect: object, _record: object, args: Any, options: Any) -> QuickConnection:
    """Return a new connection; a listener for SQLAlchemy's event `do_connect`."""
    return QuickConnection(*args, **options)


def classify_error(context: ExceptionContext) -> None:
    """Decide whether an error ends its connection; a listener for the event `handle_error`."""
    error = context.original_exception
    if context.is_pre_ping and isinstance(error.__context__, TimeoutError):
        # A ping without an answer is the verdict: the pool would wait once more, to connect anew.
        # After a connection that broke, as in a restart, it does connect anew.
        context.is_disconnect = False
    elif error.args and error.args[0] in UNUSABLE_SERVER:
        context.is_disconnect = True


def allow_long_statements(connection: PoolProxiedConnection, seconds: int | None) -> None:
    """Wait up to `seconds` for each answer, or as long as it takes for None.

    The pool goes back to `STATEMENT_SECONDS` when it lends the connection again. SQLite has no
    such limit.
    """
    raw: Any = connection.dbapi_connection
    if isinstance(raw, Connection):
        _wait_at_most(seconds, raw)


def _wait_at_most(seconds: int | None, connection: Any) -> None:
    # PyMySQL reads the private attribute before each answer, and has no public name for it.
    if connection is not None:
        connection._read_timeout = seconds

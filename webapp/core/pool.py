"""The pool of connections to the database server; nobody waits in it for long, or in a crowd."""

import logging
from typing import Any

from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from webapp.core.breaker import Breaker

# About what a node answers in the seconds that one may wait: more would wait in vain.
MOST_WAITING = 500

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

    def _do_get(self) -> ConnectionPoolEntry:
        if self._breaker.open or self._waiting >= MOST_WAITING:
            raise PoolTimeout("the database does not answer, or too many wait for it")
        self._waiting += 1
        try:
            return super()._do_get()
        except Exception as error:
            self._breaker.failed(error)
            raise
        finally:
            self._waiting -= 1

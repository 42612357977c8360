"""Count SQL statements and Redis commands, as the servers themselves count them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pymysql
import redis
from sqlalchemy.engine import make_url

from stack import Stack

# MySQL counts a ping as an administrative command: a round trip, not a statement.
STATUS = ("Questions", "Com_admin_commands", "Com_select", "Com_insert", "Com_commit")


@dataclass
class Counts:
    """The counts of one stretch of work."""

    statements: int
    pings: int
    redis_commands: int
    kinds: dict[str, int]


class Counters:
    """Reader of the counters of a stack's database and Redis."""

    def __init__(self, database: Any, client: Any) -> None:
        self._database = database
        self._client = client
        # Reading adds to the counters itself; this much is subtracted.
        self._own = Counts(0, 0, 0, {})
        self.reset()
        self._own = self.since()

    def reset(self) -> None:
        """Begin a stretch of work."""
        self._before = self._read()

    def since(self) -> Counts:
        """Return the counts since the last `reset`, of all clients."""
        delta = {name: value - self._before[name] for name, value in self._read().items()}
        return Counts(
            delta["Questions"] - self._own.statements,
            delta["Com_admin_commands"],
            delta["redis"] - self._own.redis_commands,
            {name: delta[name] for name in STATUS[2:]},
        )

    def _read(self) -> dict[str, int]:
        with self._database.cursor() as cursor:
            cursor.execute(f"SHOW GLOBAL STATUS WHERE Variable_name IN {STATUS!r}")
            found = {name: int(value) for name, value in cursor.fetchall()}
        return found | {"redis": self._client.info("stats")["total_commands_processed"]}


@contextmanager
def counters(stack: Stack) -> Iterator[Counters]:
    """Yield the counters of a stack."""
    url = make_url(stack.database.url)
    database = pymysql.connect(
        host=url.host, port=url.port or 0, user=url.username, password=url.password or ""
    )
    with database, redis.Redis.from_url(stack.redis.url) as client:
        yield Counters(database, client)

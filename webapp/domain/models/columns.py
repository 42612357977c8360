"""Column types that behave the same on MySQL, MariaDB and SQLite."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, String, TypeDecorator
from sqlalchemy.dialects import mysql
from sqlalchemy.types import DateTime, TypeEngine


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC moment, kept without its zone; DATETIME(6) on MySQL."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


def exact(length: int) -> TypeEngine[str]:
    """Return a string type that compares exactly: MySQL's default ignores case and accents."""
    return String(length).with_variant(
        mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
    )


MYSQL = {"mysql_charset": "utf8mb4", "mariadb_charset": "utf8mb4"}
# SQLite numbers rows by itself only where the key is a plain INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")

"""Search texts in the database without regard to case and accents."""

from typing import Any

from sqlalchemy import ColumnElement, func, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

ESCAPE = "/"


class folded(GenericFunction[str]):  # noqa: N801 - as functions of SQL are named
    """Join the arguments into one text that compares without case and accents."""

    inherit_cache = True


@compiles(folded, "sqlite")
def _lower(element: folded, compiler: SQLCompiler, **options: Any) -> str:
    # Our own function, registered in infra/database.py, which folds accents as well.
    parts = (compiler.process(part, **options) for part in element.clauses)
    return f"lower({' || '.join(parts)})"


@compiles(folded, "mysql")
@compiles(folded, "mariadb")
def _collate(element: folded, compiler: SQLCompiler, **options: Any) -> str:
    # Lowering 50,000 texts would take three times as long.
    return f"(concat({compiler.process(element.clauses, **options)}) COLLATE utf8mb4_general_ci)"


def contains(q: str, *parts: Any) -> ColumnElement[bool]:
    """Return the condition that the joined `parts`, columns and texts, contain `q`."""
    for special in (ESCAPE, "%", "_"):
        q = q.replace(special, ESCAPE + special)
    return func.folded(*parts).like(func.folded(literal(f"%{q}%")), escape=ESCAPE)

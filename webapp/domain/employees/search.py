"""What is typed into a search, found in the names, e-mails and numbers of people."""

from typing import Any

from sqlalchemy import ColumnElement, func, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

ESCAPE = "/"


class folded(GenericFunction[str]):  # noqa: N801 - as functions of SQL are named
    """Its arguments in one text, in which case and accents make no difference."""

    inherit_cache = True


@compiles(folded, "sqlite")
def _lower(element: folded, compiler: SQLCompiler, **options: Any) -> str:
    # Our own, which folds accents, too.
    parts = (compiler.process(part, **options) for part in element.clauses)
    return f"lower({' || '.join(parts)})"


@compiles(folded, "mysql")
@compiles(folded, "mariadb")
def _collate(element: folded, compiler: SQLCompiler, **options: Any) -> str:
    # To lower 50,000 texts takes three times as long as to compare them like this.
    return f"(concat({compiler.process(element.clauses, **options)}) COLLATE utf8mb4_general_ci)"


def found(who: Any, q: str) -> ColumnElement[bool]:
    """That the full name, the e-mail or the number contains `q`; `who` is the table with them."""
    # One text is looked through once. Nobody has a line break in one of these.
    parts = (who.first_name, " ", who.last_name, "\n", who.email, "\n", who.employee_number)
    for special in (ESCAPE, "%", "_"):
        q = q.replace(special, ESCAPE + special)
    return func.folded(*parts).like(func.folded(literal(f"%{q}%")), escape=ESCAPE)

"""Every table says what it holds on a person, so that the export and erasing leave nothing out."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from sqlalchemy import LargeBinary, String, Table, Text

from webapp.domain import models
from webapp.domain.employees.holding import Holding
from webapp.domain.models import AuditEntry
from webapp.domain.people.holdings import FREE, HOLDINGS, MENTIONS, pseudonym_of
from webapp.infra.extensions import Model, db

HELD = {holding.model: holding for holding in HOLDINGS}
# Has rules of its own, in mentions.py.
LOG = AuditEntry
EXPLAIN = "add it to webapp/domain/people/holdings.py"


def tables() -> dict[str, type[Model]]:
    mapped = (mapper.class_ for mapper in Model.registry.mappers)
    return {cast(Table, model.__table__).name: model for model in mapped}


def texts(model: type[Model]) -> Iterator[str]:
    for column in cast(Table, model.__table__).c:
        kind = getattr(column.type, "impl_instance", column.type)
        if isinstance(kind, (String, Text, LargeBinary)):
            yield column.name


def names_an_employee(column: Any) -> bool:
    referred = {key.column.table.name for key in column.foreign_keys}
    return "employees" in referred or column.name in ("employee_id", "author_id")


def test_every_table_is_declared_once() -> None:
    assert models.Employee in HELD
    for name, model in tables().items():
        declared = [model in group for group in (HELD, FREE, MENTIONS, {LOG})]
        assert sum(declared) == 1, f"{name}: {EXPLAIN}"
    assert set(tables()) == set(db.metadata.tables)


@pytest.mark.parametrize("model", [*FREE, *MENTIONS, LOG], ids=lambda model: model.__name__)
def test_a_table_without_personal_rows_names_no_employee(model: type[Model]) -> None:
    columns = [column.name for column in model.__table__.columns if names_an_employee(column)]
    assert not columns, f"{model.__name__}: {EXPLAIN}"


@pytest.mark.parametrize("holding", HOLDINGS, ids=lambda holding: holding.model.__name__)
def test_every_column_of_text_is_declared(holding: Holding) -> None:
    changed = {*holding.erased, *holding.mentions}
    if holding.model in (models.Employee, models.RosterEntry):
        changed |= set(pseudonym_of(1))
    assert not changed & holding.plain
    if not holding.deleted:
        undeclared = set(texts(holding.model)) - changed - holding.plain
        assert not undeclared, f"{holding.model.__name__}: {EXPLAIN}"


@pytest.mark.parametrize("model", MENTIONS, ids=lambda model: model.__name__)
def test_columns_that_mention_people_are_texts(model: type[Model]) -> None:
    assert MENTIONS[model] == set(texts(model))

"""Replace a person's names and addresses in texts that others wrote, and in the audit log."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, bindparam, func, literal, or_, select, update

from webapp.domain.models import AuditEntry, HeldMessage, Message
from webapp.domain.people.aliases import Aliases
from webapp.domain.people.holdings import ERASED_TEXT, HOLDINGS, MENTIONS
from webapp.domain.questions.authors import asked_by
from webapp.infra.extensions import Model, db

# Details of the audit log that say something on the person whom an entry concerns.
PERSONAL = frozenset(
    {
        "author",
        "body",
        "department",
        "email",
        "employee_number",
        "first_name",
        "last_name",
        "location",
        "name",
        "note",
        "text",
    }
)
IDS_AT_ONCE = 500

Replace = Callable[[str], str]


def replacer(aliases: Aliases, pseudonym: str) -> Replace:
    """Return the function that puts the pseudonym in place of every alias, whatever the case."""
    words = sorted(aliases.labels | aliases.names | aliases.emails, key=len, reverse=True)
    # Not within a word: “Ann Lee” is not in “Joann Leeds”.
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE)
    return lambda text: pattern.sub(lambda _: pseudonym, text)


def replace_in_texts(aliases: Aliases, replace: Replace) -> None:
    """Replace the aliases in every column that may mention a person."""
    columns = [(holding.model, holding.mentions) for holding in HOLDINGS]
    for model, names in [*columns, *MENTIONS.items()]:
        for name in names:
            _replace_in_column(model, name, aliases, replace)


def _replace_in_column(model: type[Model], name: str, aliases: Aliases, replace: Replace) -> None:
    table = cast(Table, model.__table__)
    column = table.c[name]
    (key,) = table.primary_key.columns
    found = db.session.execute(select(key, column).where(_has_any(column, aliases))).all()
    changed = [{"key": k, "text": _fit(replace(t), column)} for k, t in found if replace(t) != t]
    if changed:
        change = update(table).where(key == bindparam("key")).values({name: bindparam("text")})
        db.session.connection().execute(change, changed)


def _has_any(column: Any, aliases: Aliases) -> ColumnElement[bool]:
    words = aliases.names | aliases.emails | aliases.labels
    folded = [func.folded(literal(f"%{_escaped(word)}%")) for word in words]
    return or_(*(func.folded(column).like(word, escape="/") for word in folded))


def _escaped(text: str) -> str:
    for special in "/%_":
        text = text.replace(special, f"/{special}")
    return text


def _fit(text: str, column: Any) -> str:
    """Return the text cut to the column: a pseudonym may be longer than the name."""
    return text[: column.type.length] if column.type.length else text


def erase_from_log(aliases: Aliases, subjects: Iterable[str], label: str, replace: Replace) -> None:
    """Replace the person in the audit log.

    `subjects` names the person's messages and questions; entries on them and on the person lose
    what they quote. In other entries the aliases are replaced.
    """
    own = {*subjects, *aliases.labels}
    for entry in [*_read_entries(own), *_read_mentioning(aliases)]:
        details = json.loads(entry.details)
        if entry.subject in own:
            details = {n: ERASED_TEXT if n in PERSONAL else v for n, v in details.items()}
        subject = label if entry.subject in aliases.labels else replace(entry.subject)
        entry.subject = _fit(subject, AuditEntry.__table__.c.subject)
        entry.details = json.dumps(_replace_all(details, replace), ensure_ascii=False)
    db.session.flush()


def subjects_of(employee_id: int) -> list[str]:
    """Return what the audit log calls the person's messages and questions."""
    messages = select(Message.id).where(Message.employee_id == employee_id)
    held = select(HeldMessage.id).where(HeldMessage.employee_id == employee_id)
    return [
        *(f"message {id_}" for id_ in db.session.scalars(messages)),
        *(f"held message {id_}" for id_ in db.session.scalars(held)),
        *(f"question {id_}" for id_ in db.session.scalars(asked_by(employee_id))),
    ]


def read_log(aliases: Aliases, subjects: Iterable[str]) -> list[AuditEntry]:
    """Return the entries of the audit log that concern or name the person, oldest first."""
    found = [*_read_entries({*subjects, *aliases.labels}), *_read_mentioning(aliases)]
    return sorted({entry.id: entry for entry in found}.values(), key=lambda entry: entry.id)


def _read_entries(subjects: set[str]) -> Iterable[AuditEntry]:
    wanted = sorted(subjects)
    for begin in range(0, len(wanted), IDS_AT_ONCE):
        some = wanted[begin : begin + IDS_AT_ONCE]
        yield from db.session.scalars(select(AuditEntry).where(AuditEntry.subject.in_(some)))


def _read_mentioning(aliases: Aliases) -> Iterable[AuditEntry]:
    # A JSON text has quotes and backslashes escaped.
    escaped = Aliases(
        *(
            {json.dumps(w, ensure_ascii=False)[1:-1] for w in words}
            for words in (aliases.names, aliases.emails, aliases.numbers, aliases.labels)
        )
    )
    named = or_(_has_any(AuditEntry.subject, aliases), _has_any(AuditEntry.details, escaped))
    return db.session.scalars(select(AuditEntry).where(named))


def _replace_all(value: Any, replace: Replace) -> Any:
    match value:
        case str():
            return replace(value)
        case list():
            return [_replace_all(one, replace) for one in value]
        case dict():
            return {name: _replace_all(one, replace) for name, one in value.items()}
    return value

"""The fields of an employee, their limits, and reading them from the cells of a row.

The same rules hold for files and for the form of one employee.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from webapp.domain.employees.garbled import has_lost_letter, restore
from webapp.domain.employees.identifiers import clean_number, normal_email, number_error
from webapp.i18n import gettext as _
from webapp.i18n import lazy
from webapp.infra.text import one_line

LENGTHS = {
    "email": 254,
    "employee_number": 32,
    "first_name": 80,
    "last_name": 80,
    "department": 80,
    "location": 80,
}
SPOKEN = {
    "email": lazy("e-mail address"),
    "employee_number": lazy("employee number"),
    "first_name": lazy("first name"),
    "last_name": lazy("last name"),
    "full_name": lazy("full name"),
    "department": lazy("department"),
    "location": lazy("location"),
    "active": lazy("status"),
}
IDENTIFIERS = ("email", "employee_number", "active")
NAMES = ("first_name", "last_name", "full_name")
EMAIL = re.compile(r"[^@\s<>()\[\],;:\\\"]+@[^@\s<>()\[\],;:\\\"]+")
# Decoding puts this in place of bytes that are not a character.
REPLACED = "\ufffd"
# #N/A, #REF!, #DIV/0!, Err:502, their names in other languages, and a column that is too narrow.
SPREADSHEET_ERROR = re.compile(r"#[¡¿]?[^\W\d_]+(?:/[^\W\d_]|/0!|[!?])|#NV|#{3,}|Err:\d{3}")
# Quotes that csv does not know as such, or that follow a space.
QUOTED = re.compile("'([^']*)'|‘([^’]*)’|“([^”]*)”|„([^“”]*)[“”]|«([^»]*)»")

# Employed people may check in, even while on leave.
ACTIVE_WORDS = """
    1, yes, y, true, t, x, active, enabled, employed, current, working, hired, regular, permanent
    full time, part time
    on leave, leave, leave of absence, paid leave, unpaid leave, parental leave, maternity leave
    paternity leave, sick leave, medical leave, sabbatical, probation, notice period
    ja, wahr, aktiv, beschäftigt, angestellt, elternzeit, mutterschutz, beurlaubt, in elternzeit
    oui, vrai, actif, active, en poste, présent, en congé, congé, congé parental, congé maternité
    sí, si, verdadero, activo, activa, en activo, alta, vigente, de licencia, con licencia
    vero, attivo, attiva, in servizio, in congedo, sim, verdadeiro, ativo, ativa, de licença
    actief, in dienst, met verlof, waar, tak, prawda, aktywny, aktywna, zatrudniony, zatrudniona
    na urlopie, ano, aktivní, aktívny, igen, aktív, i tjänst, anställd, ansat, ansatt, aktivt, kyllä
    aktiivinen, evet, etkin, çalışıyor, izinli, да, активен, активна, активный, работает, в штате
    в отпуске, так, активний, працює, はい, 在職, 在籍, 在職中, 在籍中, 休職, 休職中, 有効
    是, 在职, 在職, 启用, 啟用, 休假, 예, 재직, 재직중, 휴직
"""
INACTIVE_WORDS = """
    0, no, n, false, f, inactive, disabled, terminated, left, leaver, former, former employee
    resigned, retired, dismissed, deceased, suspended, archived, deactivated, departed, offboarded
    ended, ex-employee, laid off, separated, not active, blocked
    nein, falsch, inaktiv, ausgeschieden, ausgetreten, gekündigt, beendet, ehemalig, pensioniert
    deaktiviert, gesperrt, im ruhestand, non, faux, inactif, inactive, parti, partie, sorti, sortie
    démissionné, licencié, licenciée, retraité, retraitée, désactivé, falso, inactivo, inactiva
    baja, cesado, cesada, despedido, despedida, jubilado, jubilada, retirado, inattivo, inattiva
    cessato, cessata, licenziato, licenziata, dimesso, in pensione, não, nao, inativo, inativa
    desligado, desligada, demitido, demitida, aposentado, desativado, nee, inactief, uit dienst
    onwaar, vertrokken, nie, fałsz, nieaktywny, nieaktywna, zwolniony, zwolniona, były, była
    ne, neaktivní, neaktívny, ukončen, propuštěn, nem, inaktív, kilépett, nej, nei, slutat
    fratrådt, sluttet, ei, ei aktiivinen, hayır, pasif, ayrıldı, işten ayrıldı, нет, неактивен
    неактивна, неактивный, уволен, уволена, ні, неактивний, звільнений, звільнена, いいえ, 退職
    退職済, 退社, 無効, 否, 离职, 離職, 已离职, 已離職, 停用, 退休, 아니요, 퇴직, 퇴사
"""


@dataclass(frozen=True, slots=True)
class EmployeeRow:
    """A row that can be imported; `number` is its line in the file, from 1."""

    number: int
    values: dict[str, str | bool]


@dataclass(frozen=True, slots=True)
class InvalidRow:
    """A row that cannot be imported, why, and what it says about whom it means."""

    number: int
    reason: str
    employee_number: str = ""
    email: str = ""


def read_row(number: int, columns: Mapping[str, int], cells: list[str]) -> EmployeeRow | InvalidRow:
    """Return the employee in `cells`; `columns` gives the place of each field in them."""
    raw = {f: _unquoted(cells[p]) if p < len(cells) else "" for f, p in columns.items()}
    values = _clean(raw)
    _field, unfit = validation_error(values)
    if reason := _damage(raw) or unfit or _status_error(raw.get("active", "")):
        return InvalidRow(number, reason, values["employee_number"], values["email"])
    row: dict[str, str | bool] = {**values}
    if "active" in raw:
        row["active"] = parse_status(raw["active"]) is not False
    return EmployeeRow(number, row)


def clean_values(values: Mapping[str, str]) -> dict[str, str]:
    """Return the text fields of an employee as they are stored."""
    return {name: one_line(text) for name, text in values.items()} | {
        "email": normal_email(values["email"]),
        "employee_number": clean_number(one_line(values["employee_number"])),
    }


def validation_error(values: Mapping[str, str]) -> tuple[str, str | None]:
    """Return the field by which these values are not an employee, and why; the reason is None
    when they are one. They come from `clean_values`."""
    for name in ("email", "employee_number"):
        if not values[name]:
            return name, _("the %(field)s is missing", field=SPOKEN[name])
    if not values.get("first_name") and not values.get("last_name"):
        return "first_name", _("the name is missing")
    for name, length in LENGTHS.items():
        if len(values.get(name, "")) > length:
            return name, _(
                "the %(field)s has more than %(most)s characters", field=SPOKEN[name], most=length
            )
    for name in LENGTHS:
        if name not in IDENTIFIERS and (reason := _garbled_error(name, values.get(name, ""))):
            return name, reason
    if not EMAIL.fullmatch(values["email"]):
        return "email", _("“%(text)s” is not an e-mail address", text=values["email"][:60])
    return "employee_number", number_error(values["employee_number"])


def parse_status(text: str) -> bool | None:
    """Return whether a status means that somebody works here; None when it is unknown.

    An empty status counts as active.
    """
    return _STATUSES.get(_plain_word(text))


def _clean(raw: Mapping[str, str]) -> dict[str, str]:
    texts = {name: text for name, text in raw.items() if name not in ("active", "full_name")}
    if "full_name" in raw:
        first, last = split_name(raw["full_name"])
        texts |= {"first_name": first, "last_name": last}
    return clean_values(texts)


def split_name(name: str) -> tuple[str, str]:
    """Return first and last name of “Ada Lovelace” or “Lovelace, Ada”."""
    name = one_line(name)
    last, comma, first = name.partition(",")
    if comma:
        return first.strip(), last.strip()
    first, _space, last = name.rpartition(" ")
    return (first, last) if first else (last, "")


def _unquoted(cell: str) -> str:
    quoted = QUOTED.fullmatch(cell.strip())
    return next((inner for inner in quoted.groups() if inner is not None), "") if quoted else cell


def _damage(raw: Mapping[str, str]) -> str | None:
    for name, text in raw.items():
        if SPREADSHEET_ERROR.fullmatch(text.strip()):
            return _(
                "the %(field)s is “%(text)s”, an error of the spreadsheet; correct its cell",
                field=SPOKEN[name],
                text=text.strip(),
            )
        if reason := _garbled_error(name, text):
            return reason
        if text.isascii() and text.isprintable():
            continue
        if REPLACED in text or any(unicodedata.category(c) in ("Co", "Cs") for c in text):
            return _(
                "the %(field)s has a character that cannot be read; choose another encoding",
                field=SPOKEN[name],
            )
        if any(unicodedata.category(c) == "Cc" and not c.isspace() for c in text):
            return _("the %(field)s has a control character; type it anew", field=SPOKEN[name])
    return None


def _garbled_error(name: str, text: str) -> str | None:
    if (meant := restore(text)) is not None:
        return _(
            "the %(field)s “%(text)s” is garbled; it may be “%(meant)s”",
            field=SPOKEN[name],
            text=text[:40],
            meant=meant[:40],
        )
    if name not in IDENTIFIERS and has_lost_letter(text, name=name in NAMES):
        return _(
            "the %(field)s “%(text)s” has a question mark in place of a letter; type it anew, "
            "or save the list as UTF-8",
            field=SPOKEN[name],
            text=text[:40],
        )
    return None


def _status_error(text: str) -> str | None:
    if parse_status(text) is None:
        return _(
            "the status “%(text)s” is unknown; write active or inactive", text=one_line(text)[:40]
        )
    return None


def _plain_word(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("-", " ").split())


def _words(text: str) -> list[str]:
    return [_plain_word(word) for line in text.split("\n") for word in line.split(",")]


_STATUSES = dict.fromkeys(_words(INACTIVE_WORDS), False)
_STATUSES |= dict.fromkeys(_words(ACTIVE_WORDS), True)

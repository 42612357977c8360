"""Reveal the author of an anonymous question: by an owner, with a reason, on record."""

from dataclasses import dataclass

from webapp.domain.admins.accounts import AdminInfo
from webapp.domain.admins.roles import Permission
from webapp.domain.audit import trail
from webapp.domain.events.store import EventInfo
from webapp.domain.models import REASON_LENGTH, Employee
from webapp.domain.questions.authors import read_author, record_reveal
from webapp.domain.questions.moderation import lock
from webapp.errors import Forbidden, Invalid
from webapp.infra.clock import utcnow
from webapp.infra.database import retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.publisher import publish_to_employee
from webapp.infra.text import one_line


@dataclass(frozen=True)
class Revealed:
    """The author of an anonymous question, for the owner who asked."""

    name: str
    employee_number: str
    department: str


def reveal(event: EventInfo, question_id: int, admin: AdminInfo, reason: str) -> Revealed:
    """Return the author, having put the reason on record; the author is told of it.

    Raises `Forbidden` for an admin who may not, and `Invalid` without a reason or for a question
    that has its author's name.
    """
    if not admin.may(Permission.REVEAL_AUTHORS):
        raise Forbidden(role=admin.role_name)
    reason = one_line(reason)
    if not 1 <= len(reason) <= REASON_LENGTH:
        raise Invalid("Give a reason of at most %(most)s characters.", most=REASON_LENGTH)
    employee_id, revealed = _reveal(event.id, question_id, admin.id, reason)
    told = {"id": question_id, "reason": reason}
    publish_to_employee(employee_id, event.slug, "question_revealed", told)
    return revealed


@retry_on_outage
def _reveal(event_id: int, question_id: int, admin_id: int, reason: str) -> tuple[int, Revealed]:
    question = lock(event_id, question_id)
    if question.author_id is not None:
        db.session.rollback()
        raise Invalid("This question has its author's name already.")
    employee_id, _ = read_author(question_id)
    employee = db.session.get_one(Employee, employee_id)
    revealed = Revealed(employee.name, employee.employee_number, employee.department)
    values = {"revealed_at": utcnow(), "revealed_by": admin_id, "reveal_reason": reason}
    record_reveal(question_id, values)
    # Without the name, which only the owner who asked may know.
    subject = f"question {question_id}"
    trail.record("question_author_revealed", event_id=event_id, subject=subject, reason=reason)
    db.session.commit()
    return employee_id, revealed

"""Roles of admins, and what each role permits."""

from enum import StrEnum

from webapp.errors import Invalid
from webapp.i18n import lazy


class Permission(StrEnum):
    """Something that an admin may do; each admin view declares the one that it needs."""

    SEE_EVENTS = "see_events"
    PLAN_EVENTS = "plan_events"
    MODERATE = "moderate"
    READ_ATTENDANCE = "read_attendance"
    CORRECT_ATTENDANCE = "correct_attendance"
    MANAGE_EMPLOYEES = "manage_employees"
    HANDLE_PERSONAL_DATA = "handle_personal_data"
    REVEAL_AUTHORS = "reveal_authors"
    READ_AUDIT = "read_audit"
    MANAGE_ADMINS = "manage_admins"


OWNER = "owner"

# Every role, the one that permits most first, and how pages name it.
ROLES = {
    OWNER: lazy("Owner"),
    "organizer": lazy("Organizer"),
    "moderator": lazy("Moderator"),
    "reporter": lazy("Reporter"),
}
ROLE_HINTS = {
    OWNER: lazy("Everything, admins and the audit log included."),
    "organizer": lazy("Events, employees and attendance; also moderates."),
    "moderator": lazy("Chat, questions and polls of every event."),
    "reporter": lazy("Reads attendance, charts and exports."),
}
_PERMISSIONS: dict[str, frozenset[Permission]] = {
    OWNER: frozenset(Permission),
    "organizer": frozenset(
        {
            Permission.SEE_EVENTS,
            Permission.PLAN_EVENTS,
            Permission.MODERATE,
            Permission.READ_ATTENDANCE,
            Permission.CORRECT_ATTENDANCE,
            Permission.MANAGE_EMPLOYEES,
        }
    ),
    "moderator": frozenset({Permission.SEE_EVENTS, Permission.MODERATE}),
    "reporter": frozenset({Permission.SEE_EVENTS, Permission.READ_ATTENDANCE}),
}


def permits(role: str, permission: Permission) -> bool:
    """Return True when `role` includes `permission`; an unknown role permits nothing."""
    return permission in _PERMISSIONS.get(role, ())


def role_name(role: str) -> str:
    """Return the role as pages name it."""
    return str(ROLES.get(role, role))


def check_role(role: str) -> str:
    """Return `role`. Raises `Invalid` when there is no such role."""
    if role not in ROLES:
        raise Invalid(
            "Choose one of these roles: %(roles)s.", roles=", ".join(ROLES), form_field="role"
        )
    return role

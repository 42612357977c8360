"""List every page of the product, in each state that `make audit` checks.

A test fails when an address answers with a page that is missing here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from webapp.domain.events.planning import PLAN_COLUMNS


@dataclass(frozen=True)
class Page:
    """A page in one state.

    `address` may name values of the scene in braces (see `audit.scene`). With `form` or `file`, the
    page is the answer to such a form; `status` is the expected one of the answer. `site` is the
    server that has the state. `lighthouse` adds the figures of Lighthouse, on a `phone` with a slow
    line (its default) or at a `desk`.
    """

    endpoint: str
    state: str
    visitor: str
    address: str
    form: Mapping[str, str] | None = None
    file: str | None = None
    status: int = 200
    site: str = "filled"
    lighthouse: str = ""

    @property
    def name(self) -> str:
        """Return the name of the page and its state."""
        return f"{self.endpoint}, {self.state}"


PUBLIC, VIEWER, ADMIN = "public", "viewer", "admin"
PHONE, DESK = "phone", "desk"
EMPTY = "empty"
NOBODY = {"email": "nobody@example.com", "employee_number": "1"}
# An edit of an event by an admin whose session has ended, and one that another admin overtook.
STALE = {"csrf_token": "old", "title": "All hands"}
OVERTAKEN = {
    "title": "All hands",
    "starts_at": "2027-07-01T14:00",
    "ends_at": "2027-07-01T15:00",
    "timezone": "Europe/Berlin",
    "required_share": "50",
    "seen": json.dumps(dict.fromkeys(PLAN_COLUMNS, "another value")),
}
HALL, PLANNED = "/admin/events/{hall}", "/admin/events/{planned}"
IMPORT = "/admin/employees/import"

PAGES = [
    # All errors share one template.
    Page("error", "not found", PUBLIC, "/nothing", status=404),
    Page("error", "not found, admin", ADMIN, "/admin/events/nothing/edit", status=404),
    Page("error", "stale form", PUBLIC, "/check-out", form={"csrf_token": "old"}, status=400),
    # Employees and viewers.
    Page("checkin.show_current", "no event", PUBLIC, "/", site=EMPTY),
    Page("checkin.show_form", "open", PUBLIC, "/events/{hall}/", lighthouse=PHONE),
    Page("checkin.show_form", "before", PUBLIC, "/events/{planned}/"),
    Page("checkin.show_form", "after", PUBLIC, "/events/{closed}/"),
    Page("checkin.show_form", "refused", PUBLIC, "/events/{hall}/check-in", NOBODY, status=422),
    # The largest paint is the first picture of the stream, which a slow line cannot bring in time.
    Page("live.show_live", "filled", VIEWER, "/events/{hall}/live", lighthouse=DESK),
    Page("live.show_live", "questions", VIEWER, "/events/{hall}/live?tab=questions"),
    Page("live.show_live", "poll", VIEWER, "/events/{hall}/live?tab=poll"),
    Page("live.show_live", "empty", VIEWER, "/events/{quiet}/live", lighthouse=PHONE),
    Page("live.list_messages", "filled", VIEWER, "/events/{hall}/messages"),
    Page("live.list_messages", "empty", VIEWER, "/events/{quiet}/messages"),
    Page(
        "live.list_messages", "refused", VIEWER, "/events/{hall}/messages", {"body": ""}, status=422
    ),
    Page("questions.list_questions", "filled", VIEWER, "/events/{hall}/questions"),
    Page("questions.list_questions", "empty", VIEWER, "/events/{quiet}/questions"),
    Page(
        "questions.list_questions",
        "refused",
        VIEWER,
        "/events/{hall}/questions",
        {"body": ""},
        status=422,
    ),
    Page("polls.list_polls", "filled", VIEWER, "/events/{hall}/polls"),
    Page("polls.list_polls", "empty", VIEWER, "/events/{quiet}/polls"),
    # Admins.
    Page("account.show_sign_in", "empty", PUBLIC, "/admin/login", lighthouse=PHONE),
    Page(
        "account.show_sign_in",
        "refused",
        PUBLIC,
        "/admin/login",
        {"email": "a@example.com", "password": "wrong"},
        status=422,
    ),
    Page("events.list_events", "filled", ADMIN, "/admin/", lighthouse=PHONE),
    Page("events.list_events", "empty", ADMIN, "/admin/", site=EMPTY),
    Page("events.show_new", "empty", ADMIN, "/admin/events/new"),
    Page("events.show_new", "refused", ADMIN, "/admin/events/new", {"title": ""}, status=422),
    Page("account.confirm_sign_out_everywhere", "signed in", ADMIN, "/admin/sign-out-everywhere"),
    Page("account.show_password", "empty", ADMIN, "/admin/password"),
    Page(
        "account.show_password", "refused", ADMIN, "/admin/password", {"current": "x"}, status=422
    ),
    Page("events.list_archived", "empty", ADMIN, "/admin/events/archived"),
    Page("event_page.show_overview", "open", ADMIN, HALL),
    Page("event_page.show_overview", "planned", ADMIN, PLANNED),
    Page("event_page.show_preview", "open", ADMIN, HALL + "/preview"),
    Page("event_page.confirm_close", "open", ADMIN, HALL + "/close"),
    Page("events.show_edit", "filled", ADMIN, HALL + "/edit"),
    Page("events.show_edit", "conflict", ADMIN, HALL + "/edit", OVERTAKEN, status=409),
    Page("account.show_kept", "stale token", ADMIN, HALL + "/edit", STALE, status=400),
    Page("account.show_sign_in", "keeps a form", PUBLIC, HALL + "/edit", STALE, status=401),
    Page("events.confirm_open", "planned", ADMIN, PLANNED + "/open"),
    Page("events.confirm_remove", "planned", ADMIN, PLANNED + "/remove"),
    Page("roster.show_roster", "open", ADMIN, HALL + "/attendance", lighthouse=PHONE),
    Page("roster.show_roster", "closed", ADMIN, "/admin/events/{closed}/attendance"),
    Page("roster.show_roster", "no match", ADMIN, HALL + "/attendance?q=zzz"),
    Page("roster.show_print", "closed", ADMIN, "/admin/events/{closed}/attendance/print"),
    Page("comparison.compare", "choice", ADMIN, HALL + "/attendance/compare"),
    Page("comparison.compare", "filled", ADMIN, HALL + "/attendance/compare?with={closed}"),
    Page("roster.show_charts", "open", ADMIN, HALL + "/attendance/charts"),
    Page("roster.show_charts", "closed", ADMIN, "/admin/events/{closed}/attendance/charts"),
    Page("roster.show_charts", "empty", ADMIN, "/admin/events/{quiet}/attendance/charts"),
    Page("moderation.show_chat", "filled", ADMIN, HALL + "/chat"),
    Page("moderation.show_chat", "search", ADMIN, HALL + "/chat?q=the"),
    Page("moderation.show_chat", "empty", ADMIN, "/admin/events/{quiet}/chat"),
    Page("muting.show_employee", "filled", ADMIN, HALL + "/chat/employees/{employee}"),
    Page("muting.show_form", "filled", ADMIN, HALL + "/chat/employees/{employee}/mute"),
    Page("question_desk.show_desk", "filled", ADMIN, HALL + "/questions"),
    Page("question_desk.show_desk", "empty", ADMIN, "/admin/events/{quiet}/questions"),
    Page("question_desk.show_question", "filled", ADMIN, HALL + "/questions/{question}"),
    Page("poll_desk.show_polls", "filled", ADMIN, HALL + "/polls"),
    Page("poll_desk.show_polls", "empty", ADMIN, "/admin/events/{quiet}/polls"),
    Page("poll_desk.show_new", "empty", ADMIN, HALL + "/polls/new"),
    Page("poll_desk.show_new", "refused", ADMIN, HALL + "/polls", {"question": ""}, status=422),
    Page("poll_desk.show_edit", "draft", ADMIN, HALL + "/polls/{draft}/edit"),
    Page("poll_desk.confirm_discard", "draft", ADMIN, HALL + "/polls/{draft}/discard"),
    Page("employees.list_employees", "filled", ADMIN, "/admin/employees", lighthouse=PHONE),
    Page("employees.list_employees", "no match", ADMIN, "/admin/employees?q=zzz"),
    Page("employees.list_employees", "empty", ADMIN, "/admin/employees", site=EMPTY),
    Page("employees.show_new", "empty", ADMIN, "/admin/employees/new"),
    Page(
        "employees.show_new", "refused", ADMIN, "/admin/employees/new", {"email": "x"}, status=422
    ),
    Page("employees.show_edit", "filled", ADMIN, "/admin/employees/{employee}/edit"),
    Page("people.show_person", "filled", ADMIN, "/admin/employees/{employee}"),
    Page("people.show_export", "filled", ADMIN, "/admin/employees/{employee}/export"),
    Page("people.show_erase", "filled", ADMIN, "/admin/employees/{employee}/erase"),
    Page("imports.show", "empty", ADMIN, IMPORT),
    Page("imports.show", "preview", ADMIN, IMPORT, file="base.csv"),
    Page("imports.show", "unclear", ADMIN, IMPORT, file="header-german.csv"),
    Page("imports.show_progress", "nothing", ADMIN, IMPORT + "/progress"),
    Page("admins.list_admins", "filled", ADMIN, "/admin/admins"),
    Page("admins.list_admins", "refused", ADMIN, "/admin/admins", {"email": "x"}, status=422),
    Page("admins.show_role", "owner", ADMIN, "/admin/admins/{admin}/role"),
    Page("admins.confirm_remove", "owner", ADMIN, "/admin/admins/{admin}/remove"),
    Page(
        "admins.confirm_withdraw",
        "waiting",
        ADMIN,
        "/admin/admins/invitations/{invitation}/withdraw",
    ),
    Page("invitation.show_form", "waiting", PUBLIC, "/admin/invitations/{token}"),
    Page("audit.show_log", "filled", ADMIN, "/admin/audit"),
    # In development only.
    Page("parts.show_parts", "all", PUBLIC, "/parts", site=EMPTY),
]

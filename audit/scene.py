"""Start two embedded servers with something to show: one with all data, one with none."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from tests.support.data import add_event, add_question
from tests.support.embedded import Embedded
from tests.support.polls import add_poll
from webapp.app import create_app
from webapp.domain.admins.invitations import invite, list_invitations
from webapp.domain.audit import trail
from webapp.domain.models import Admin, Employee, Event
from webapp.domain.polls.drafts import PollDraft
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db

# Of the demo data.
HALL, CLOSED, PLANNED = "quarterly-town-hall", "product-roadmap", "ask-the-founders"
QUIET = "quiet-hall"
LUNCH = PollDraft("What is for lunch?", ["Soup", "Salad", "Cake"], multiple=True)


@dataclass(frozen=True)
class Scene:
    """The addresses of the servers by name, and the values that addresses of pages may name."""

    sites: dict[str, str]
    values: dict[str, object]

    def address(self, site: str, address: str) -> str:
        """Return the full address of a page on one of the servers."""
        return self.sites[site] + address.format_map(self.values)


@contextmanager
def staged() -> Iterator[Scene]:
    """Yield the scene; stop its servers in the end."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        servers = {
            "filled": Embedded(Path(folder, "filled")),
            # Development adds the page of the parts.
            "empty": Embedded(Path(folder, "empty"), {"FLASK_DEBUG": "1"}),
        }
        for server in servers.values():
            running.callback(server.stop)
            server.launch()
        for server in servers.values():
            server.wait_until_ready()
        _empty(servers["empty"])
        values = _fill(servers["filled"])
        yield Scene({name: server.url for name, server in servers.items()}, values)


def _empty(server: Embedded) -> None:
    """Delete everything but the admins."""
    with create_app(server.settings).app_context():
        for table in reversed(db.metadata.sorted_tables):
            if table is not Admin.__table__:
                db.session.execute(table.delete())
        db.session.commit()
        db.engine.dispose()


def _fill(server: Embedded) -> dict[str, object]:
    """Add what the demo data lacks; return the values for addresses."""
    with create_app(server.settings).app_context():
        hall = db.session.scalars(select(Event).where(Event.slug == HALL)).one()
        authors = db.session.scalars(select(Employee.id).where(Employee.active).limit(4)).all()
        # It began after the demo event, which stays the one that `/` leads to.
        begin = utcnow() - timedelta(hours=1)
        add_event(QUIET, starts_at=begin, ends_at=begin + timedelta(hours=2), stream_url="")
        questions = [
            add_question(hall.id, authors[0], body="When does the new office open?"),
            add_question(hall.id, authors[1], body="Is there cake?", state="answering"),
            add_question(
                hall.id,
                authors[2],
                body="Who moves first?",
                state="answered",
                answer="Research does.",
                answered_at=utcnow(),
            ),
            add_question(hall.id, authors[3], author_id=None, body="Why so soon?", state="waiting"),
        ]
        draft, _ = add_poll(LUNCH, HALL, opened=False)
        admin = db.session.scalars(select(Admin.id).limit(1)).one()
        with trail.acting_as(admin):
            token = invite("grace@example.com", "organizer")
        values = {
            "admin": admin,
            "token": token,
            "invitation": list_invitations()[0].id,
            "hall": HALL,
            "closed": CLOSED,
            "planned": PLANNED,
            "quiet": QUIET,
            "question": questions[0].id,
            "draft": draft,
            "employee": db.session.scalars(select(Employee.id).limit(1)).one(),
        }
        db.engine.dispose()
    return values

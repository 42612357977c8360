"""An event with its own employees on a running system, so that tests share only the system."""

import itertools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from tests.support.data import add_employee, add_event
from tests.support.viewer import Viewer
from webapp.base import create_base
from webapp.infra.extensions import db
from webapp.infra.publisher import init_publisher
from webapp.infra.settings import Settings


@dataclass
class Meeting:
    """An open event; `viewer()` checks in a new employee."""

    app: Flask
    site: str
    slug: str
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def employee(self, **values: Any) -> tuple[str, str]:
        """Add an employee; return e-mail and number."""
        number = f"{self.slug}-{next(self._numbers)}"
        with self.app.app_context():
            employee = add_employee(number, last_name=f"Number {number}", **values)
            return employee.email, employee.employee_number

    def viewer(self, **values: Any) -> Viewer:
        """Return a new employee who has checked in."""
        return Viewer(self.site, self.slug, *self.employee(**values))


@contextmanager
def held_meeting(settings: Settings, site: str, **values: Any) -> Iterator[Meeting]:
    """Yield an open event on the system that runs with `settings` and answers at `site`."""
    app = create_base("tests", settings)
    init_publisher(app, settings)
    slug = f"m{secrets.token_hex(4)}"
    with app.app_context():
        add_event(slug, **values)
    yield Meeting(app, site, slug)
    with app.app_context():
        db.engine.dispose()

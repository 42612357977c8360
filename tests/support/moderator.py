"""An admin as a program that presses the buttons of the moderation page."""

import re

import requests

from tests.support.meeting import Meeting
from webapp.domain.admins.accounts import create_admin

PASSWORD = "correct horse battery"


class Moderator:
    """A new admin, signed in to the system of the meeting."""

    def __init__(self, meeting: Meeting, name: str = "") -> None:
        self.site = meeting.site
        self.page = f"{meeting.site}/admin/events/{meeting.slug}/chat"
        self.web = requests.Session()
        email = f"{meeting.slug}{name}@example.com"
        with meeting.app.app_context():
            create_admin(email, PASSWORD, "Grace Hopper")
        self._sign_in(f"{self.site}/admin/login", email)

    def press(self, action: str, **fields: str) -> None:
        """Send one form of the page."""
        answer = self.web.post(
            f"{self.page}/{action}",
            data={"csrf_token": self._token(self.page)} | fields,
            allow_redirects=False,
            timeout=15,
        )
        assert answer.status_code == 303, answer.text

    def send_file(self, path: str, file: bytes) -> requests.Response:
        """Send a file with the form of another page; return the page that follows."""
        address = f"{self.site}{path}"
        fields = {"csrf_token": self._token(address)}
        return self.web.post(address, data=fields, files={"file": ("list.xlsx", file)}, timeout=60)

    def find(self, pattern: str) -> str:
        """Return the first group of `pattern` in the current page."""
        found = re.search(pattern, self.web.get(self.page, timeout=15).text)
        assert found, pattern
        return found[1]

    def _token(self, address: str) -> str:
        page = self.web.get(address, timeout=15).text
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found, page
        return found[1]

    def _sign_in(self, address: str, email: str) -> None:
        fields = {"csrf_token": self._token(address), "email": email, "password": PASSWORD}
        answer = self.web.post(address, data=fields, allow_redirects=False, timeout=15)
        assert answer.status_code == 303, answer.text

"""A visitor of the console for tests: fills in the forms that are on the page, tokens and all."""

import re
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from typing import Any

from flask import Flask, session
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot import operators, passwords
from bot.console.access import start_session
from bot.models import Operator, Role
from bot.services import EXTENSION, Services

PASSWORD = "ringo mikan budou"
OUR_OWN = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Form:
    """One form of a page with what its fields hold."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict[str, list[str]])


class Forms(HTMLParser):
    """Finds the forms of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._area: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms and the values of their fields."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given.get("action", ""), given.get("method", "get")))
        elif self.found and tag == "input" and "name" in given and self._is_sent(given):
            self._note(given["name"], given.get("value", ""))
        elif self.found and tag == "textarea":
            self._area = given["name"]
            self.found[-1].fields[self._area] = [""]
        elif self.found and tag == "option" and "selected" in given:
            self._note("selected", given.get("value", ""))

    @staticmethod
    def _is_sent(given: dict[str, str]) -> bool:
        kind = given.get("type", "text")
        return kind != "file" and (kind not in {"radio", "checkbox"} or "checked" in given)

    def _note(self, name: str, value: str) -> None:
        self.found[-1].fields.setdefault(name, []).append(value)

    def handle_data(self, data: str) -> None:
        """Note what stands in a text area."""
        if self._area:
            self.found[-1].fields[self._area][0] += data

    def handle_endtag(self, tag: str) -> None:
        """Leave a text area."""
        if tag == "textarea":
            self._area = None


@cache
def _hash() -> str:
    return passwords.hashed(PASSWORD)


class Visitor:
    """One browser."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()

    @property
    def services(self) -> Services:
        """The services of the app that is visited."""
        return self.app.extensions[EXTENSION]

    def log_in(self, role: Role = Role.OWNER, login: str = "hanako") -> "Visitor":
        """Become an operator of that role, made on the spot, with the cookie that the door would give."""
        now = self.services.clock.now()
        made = Operator(
            login=login, name="花子", role=role, password_hash=_hash(), session_version=1, created_at=now
        )
        with self.services.database.begin() as database_session:
            database_session.add(made)
            operators.note(database_session, login, "logged_in", "", now)
        with self.client.session_transaction() as own:
            with self.app.test_request_context():
                session.update(own)
                start_session(made, now)
                cookie = dict(session)
            own.clear()
            own.update(cookie)
        return self

    def log_in_at_the_door(self, role: Role = Role.OWNER, login: str = "hanako") -> "Visitor":
        """Become an operator of that role, made on the spot, by the log-in form."""
        with self.services.database.begin() as database_session:
            operators.create(database_session, login, "花子", role, PASSWORD, self.services.clock.now())
        answer = self.try_to_log_in(login, PASSWORD)
        assert answer.status_code == 302, answer.text
        return self

    def try_to_log_in(self, login: str, password: str) -> TestResponse:
        """Send the log-in form."""
        return self.submit("/console/login", {"login": login, "password": password})

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path)

    def forms(self, path: str) -> list[Form]:
        """Return the forms of a page."""
        return Forms(self.get(path).text).found

    def token(self, path: str = "/console/login") -> str:
        """Return the form token of this session."""
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(path).text)
        if found is None:
            found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get("/console/account/").text)
        assert found, f"no form on {path}"
        return found[1]

    def submit(self, path: str, fields: dict[str, Any], *, to: str | None = None) -> TestResponse:
        """Send fields from the page at `path` to `to` (the same path if left out), with the page's token."""
        given = fields | {"csrf_token": self.token(path)}
        return self.client.post(to or path, data=given, headers=OUR_OWN, content_type="multipart/form-data")

    def post(self, path: str, fields: dict[str, Any] | None = None) -> TestResponse:
        """Press a button that stands on some page."""
        return self.submit("/console/account/", fields or {}, to=path)

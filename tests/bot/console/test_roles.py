"""Which role may open what: every route of the app is asked by everybody, as roles_table says it should answer."""

import re
from collections.abc import Generator, Iterator
from pathlib import Path
from shutil import copy
from typing import NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from bot import api_keys, operators
from bot.api.access import NEEDS_KEY
from bot.console.access import ALLOWED_ROLES
from bot.line.webhook import PATH
from bot.models import Operator, Role
from bot.services import EXTENSION, Services
from segments.db import Database
from tests.bot.apps import new_app
from tests.bot.browsing import OUR_OWN, PASSWORD, Visitor
from tests.bot.conftest import services_over
from tests.bot.console.roles_table import KEY, OPEN, ROLES, access
from tests.bot.furnishing import furnish
from tests.databases import sqlite_copy
from tests.fakes.clock import FakeClock

ACCESS = access()
ENDS_THE_SESSION = {"auth.log_out", "account.log_out_everywhere", "account.password"}
BEFORE_THE_PASSWORD = {"account.password", "auth.log_out", *(name for name in ACCESS if ACCESS[name] == OPEN)}
"""What opens while a one-time password is still to be changed."""
WORDS = {
    "name": "stages",
    "key": "welcome",
    "day": "2026-11-23",
    "direction": "up",
    "part": "stages",
    "step": "staff",
    "layout": "six",
    "token": "x",
    "code": "x",
    "order_id": "x",
    "filename": "theme.js",
}
"""What stands in an address for a word; a number is 1, the first of its kind in the furnished shop."""


class Ask(NamedTuple):
    """One request that can be made of the app."""

    endpoint: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def asks(app: Flask, *, of: str = "") -> list[Ask]:
    """Return every route with every method it takes, with addresses that lead to something."""
    return [
        Ask(rule.endpoint, method, _path(app, rule))
        for rule in sorted(app.url_map.iter_rules(), key=lambda each: each.rule)
        # What the table does not know fails a test of its own.
        if ACCESS.get(rule.endpoint, OPEN) != OPEN and rule.rule.startswith(of)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def _path(app: Flask, rule: Rule) -> str:
    numbers = {"operator_id": 2}  # hanako, who asks, is the first
    values = {name: WORDS[name] if name in WORDS else numbers.get(name, 1) for name in _arguments(rule)}
    return app.url_map.bind("localhost").build(rule.endpoint, values, method=next(iter(rule.methods or ())))


def _arguments(rule: Rule) -> list[str]:
    return sorted(re.findall(r"<(?:[^<>:]*:)?(\w+)>", rule.rule))


@pytest.fixture(scope="module")
def furnished_file(sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SQLite file with a shop in which everything has a first one."""
    folder = tmp_path_factory.mktemp("furnished")
    path = Path(copy(sqlite_file, folder / "shop.sqlite"))
    database = Database(f"sqlite:///{path}")
    furnish(services_over(database, FakeClock(), folder))
    database.dispose()
    return path


@pytest.fixture
def furnished(furnished_file: Path, clock: FakeClock, tmp_path: Path) -> Generator[Flask]:
    """Return the app over that shop."""
    with sqlite_copy(furnished_file, tmp_path) as database:
        made = new_app(services_over(database, clock, tmp_path))
        made.config["TESTING"] = True
        made.config["PROPAGATE_EXCEPTIONS"] = False
        yield made


class Insider:
    """Somebody with a role who is logged in again whenever something they did ended that."""

    def __init__(self, app: Flask, role: Role) -> None:
        self._visitor, self._role = Visitor(app), role
        self._services: Services = app.extensions[EXTENSION]
        with self._services.database.begin() as session:
            session.execute(update(Operator).where(Operator.login == "hanako").values(role=role))
        self._log_in()

    def _log_in(self) -> None:
        with self._services.database.begin() as session:
            operator = update(Operator).where(Operator.login == "hanako")
            session.execute(operator.values(disabled_at=None, role=self._role, must_change_password=False))
        self._visitor.client.delete_cookie("kokyaku")
        assert self._visitor.try_to_log_in("hanako", PASSWORD).status_code == 302
        self._token = self._visitor.token("/console/account/")

    def ask(self, ask: Ask) -> TestResponse:
        """Make a request as this operator, with the form's token."""
        answer = made(self._visitor.client, ask, self._token)
        if ask.endpoint in ENDS_THE_SESSION and ask.method == "POST":
            self._log_in()
        return answer


def made(client: FlaskClient, ask: Ask, token: str = "") -> TestResponse:
    """Make a request that may end in a stream, which is not read."""
    fields = {"csrf_token": token} if token and ask.method != "GET" else None
    answer = client.open(ask.path, method=ask.method, data=fields, headers=OUR_OWN, buffered=False)
    if not answer.is_streamed:
        answer.get_data()
    answer.close()
    return answer


def is_turned_away(answer: TestResponse) -> bool:
    """Tell whether somebody was sent to the log-in page, or shown it with their form in hand."""
    return answer.status_code == 401 or "/console/login" in (answer.location or "")


def test_every_route_stands_in_the_table(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} ^ ACCESS.keys() == set()


def test_every_view_is_guarded_as_the_table_says(app: Flask) -> None:
    found = {
        endpoint: getattr(view, ALLOWED_ROLES, KEY if hasattr(view, NEEDS_KEY) else OPEN)
        for endpoint, view in app.view_functions.items()
    }
    assert found == {endpoint: ROLES.get(who, who) for endpoint, who in ACCESS.items()}


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_what_is_its_own_and_nothing_else_by_address_either(
    furnished: Flask, role: Role
) -> None:
    insider = Insider(furnished, role)
    wrong: list[str] = []
    for ask in asks(furnished, of="/console"):
        answer = insider.ask(ask)
        allowed = role in ROLES[ACCESS[ask.endpoint]]
        right = answer.status_code not in {401, 403, 500} if allowed else answer.status_code == 403
        if not right or (is_turned_away(answer) and ask.endpoint not in ENDS_THE_SESSION):
            wrong.append(f"{ask}: {answer.status_code}")
    assert wrong == []


def test_a_stranger_is_asked_to_log_in_everywhere(furnished: Flask) -> None:
    visitor = Visitor(furnished)
    token = visitor.token()
    wrong = [
        f"{ask}: {answer.status_code}"
        for ask in asks(furnished, of="/console")
        if not is_turned_away(answer := made(visitor.client, ask, token))
    ]
    assert wrong == []


def test_with_a_one_time_password_nothing_opens_but_its_change(furnished: Flask) -> None:
    visitor = Visitor(furnished)
    with visitor.services.database.begin() as session:
        password = operators.create(session, "new", "", Role.OWNER, None, visitor.services.clock.now())
    visitor.try_to_log_in("new", password)
    token = visitor.token("/console/account/password")
    wrong = [
        f"{ask}: {answer.status_code}"
        for ask in asks(furnished, of="/console")
        if ask.endpoint not in BEFORE_THE_PASSWORD
        and (answer := made(visitor.client, ask, token)).location != "/console/account/password"
    ]
    assert wrong == []


def test_without_its_token_no_form_is_taken(furnished: Flask) -> None:
    visitor = Visitor(furnished)
    visitor.try_to_log_in("hanako", PASSWORD)
    before = _rows(furnished)
    wrong = [
        f"{ask}: {answer.status_code}"
        for ask in asks(furnished, of="/console")
        if ask.method != "GET" and (answer := made(visitor.client, ask)).status_code != 400
    ]
    assert wrong == []
    assert _rows(furnished) == before


def _rows(app: Flask) -> dict[str, str]:
    services: Services = app.extensions[EXTENSION]
    with services.database.reading() as session:
        return {each.login: f"{each.role} {each.disabled_at}" for each in operators.everyone(session)}


def test_the_api_answers_whoever_shows_a_valid_key_and_nobody_else(furnished: Flask) -> None:
    client, services = furnished.test_client(), furnished.extensions[EXTENSION]
    now = services.clock.now()
    with services.database.begin() as session:
        key, old = (api_keys.add(session, name, now) for name in ("test", "old"))
        api_keys.revoke(session, api_keys.everyone(session)[0].id, now)
    wrong: list[str] = []
    for ask in asks(furnished, of="/api"):
        headers = [{}, {"Authorization": "Bearer kk_x"}, {"Authorization": f"Bearer {old}"}]
        refused = [client.open(ask.path, method=ask.method, headers=each).status_code for each in headers]
        taken = client.open(ask.path, method=ask.method, headers={"Authorization": f"Bearer {key}"})
        if refused != [401] * 3 or taken.status_code in {401, 403, 500}:
            wrong.append(f"{ask}: {refused} {taken.status_code}")
    assert wrong == []


def test_an_operator_is_nobody_to_the_api(furnished: Flask) -> None:
    visitor = Visitor(furnished)
    visitor.try_to_log_in("hanako", PASSWORD)
    assert {
        visitor.client.open(each.path, method=each.method).status_code for each in asks(furnished, of="/api")
    } == {401}


def test_the_webhook_takes_only_what_line_signed(furnished: Flask) -> None:
    client = furnished.test_client()
    body = b'{"destination":"x","events":[]}'
    answers = [
        client.post(PATH, data=body),
        client.post(PATH, data=body, headers={"X-Line-Signature": "x"}),
        client.get(PATH),
    ]
    assert [200 <= answer.status_code < 300 for answer in answers] == [False] * 3


def test_a_role_sees_only_links_that_open(furnished: Flask) -> None:
    """Of the menu and of the pages it leads to."""
    for role in Role:
        insider = Insider(furnished, role)
        for path in _menu(furnished, insider):
            answer = insider.ask(Ask("", "GET", path))
            assert answer.status_code in {200, 302}, f"{role} {path}"


def _menu(app: Flask, insider: Insider) -> Iterator[str]:
    first = insider.ask(Ask("", "GET", "/console/account/"))
    yield from dict.fromkeys(re.findall(r'<a href="(/console/[^"#]*)"', first.text))


def test_the_till_lands_on_its_own_page(visitor: Visitor) -> None:
    visitor.log_in(Role.TILL)
    assert visitor.get("/console/").location == "/console/till/"


def test_a_viewer_sees_no_button_that_sends(visitor: Visitor) -> None:
    visitor.log_in(Role.VIEWER)
    pages = visitor.get("/console/").text + visitor.get("/console/broadcasts/").text
    assert "/console/broadcasts/new" not in pages

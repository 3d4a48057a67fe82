"""The staff: invited, given roles, closed; the shop never loses its last owner."""

import re

import pytest

from bot import operators, staff
from bot.models import Operator, Role
from segments.db import Database
from segments.errors import Conflict
from tests.bot.browsing import PASSWORD, Visitor
from tests.fakes.clock import A_SATURDAY, FakeClock

PAGE = "/console/settings/staff/"


def invited(visitor: Visitor, login: str = "taro", role: Role = Role.OPERATOR) -> str:
    page = visitor.submit(PAGE, {"login": login, "name": "太郎", "role": role.value})
    assert page.status_code == 200, page.text
    found = re.search(r'id="secret">([^<]+)<', page.text)
    assert found
    return found[1]


def of(visitor: Visitor, login: str) -> Operator:
    with visitor.services.database.reading() as session:
        return next(each for each in operators.everyone(session) if each.login == login)


def test_an_invited_person_logs_in_with_the_one_time_password_and_must_change_it(visitor: Visitor) -> None:
    visitor.log_in()
    password = invited(visitor)
    newcomer = Visitor(visitor.app)
    assert newcomer.try_to_log_in("taro", password).status_code == 302
    assert newcomer.get("/console/friends/").location == "/console/account/password"
    assert password not in visitor.get(PAGE).text


@pytest.mark.parametrize(
    ("login", "role", "field", "words"),
    [
        ("たろう", "operator", "login", "半角の英小文字"),
        ("hanako", "operator", "login", "すでに使われています"),
        ("taro", "king", "role", "役割を選んでください"),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_what_was_typed_stays(
    visitor: Visitor, login: str, role: str, field: str, words: str
) -> None:
    visitor.log_in()
    page = visitor.submit(PAGE, {"login": login, "name": "太郎", "role": role})
    assert page.status_code == 422
    place = page.text.index(f'id="{field}-error"')
    assert words in page.text[place : place + 200]
    assert 'value="太郎"' in page.text


def test_a_role_changes_what_opens_from_the_next_click_on(visitor: Visitor) -> None:
    visitor.log_in()
    other = Visitor(visitor.app).log_in(Role.OPERATOR, "taro")
    number = of(visitor, "taro").id
    assert other.get("/console/broadcasts/new").status_code == 200
    visitor.post(f"{PAGE}{number}/role", {"role": "viewer"})
    assert other.get("/console/broadcasts/new").status_code == 403


def test_the_last_owner_cannot_be_removed_nor_demoted(visitor: Visitor) -> None:
    visitor.log_in()
    number = of(visitor, "hanako").id
    visitor.post(f"{PAGE}{number}/role", {"role": "viewer"})
    assert "最後のオーナーのため" in visitor.get(PAGE).text
    visitor.post(f"{PAGE}{number}/disable")
    assert of(visitor, "hanako").role is Role.OWNER
    assert of(visitor, "hanako").disabled_at is None


def test_with_a_second_owner_the_first_may_go(database: Database) -> None:
    with database.begin() as session:
        for login in ("hanako", "taro"):
            operators.create(session, login, "", Role.OWNER, PASSWORD, A_SATURDAY)
        first, second = (each.id for each in operators.everyone(session))
    with database.begin() as session:
        staff.disable(session, first, "operator:2", A_SATURDAY)
    with database.begin() as session, pytest.raises(Conflict, match="last_owner"):
        staff.change_role(session, second, Role.VIEWER, "operator:2", A_SATURDAY)
    with database.begin() as session:
        staff.enable(session, first, "operator:2", A_SATURDAY)
        assert staff.change_role(session, second, Role.VIEWER, "operator:2", A_SATURDAY)


def test_who_is_closed_is_out_at_once_and_comes_back_with_a_new_password(visitor: Visitor) -> None:
    visitor.log_in()
    other = Visitor(visitor.app).log_in(Role.TILL, "taro")
    number = of(visitor, "taro").id
    visitor.post(f"{PAGE}{number}/disable")
    assert other.get("/console/till/").status_code == 302
    assert other.try_to_log_in("taro", PASSWORD).status_code == 401
    page = visitor.post(f"{PAGE}{number}/enable").text
    found = re.search(r'id="secret">([^<]+)<', page)
    assert found
    assert other.try_to_log_in("taro", found[1]).status_code == 302


def test_sessions_end_and_a_forgotten_password_is_replaced(visitor: Visitor, clock: FakeClock) -> None:
    visitor.log_in()
    other = Visitor(visitor.app).log_in(Role.VIEWER, "taro")
    number = of(visitor, "taro").id
    visitor.post(f"{PAGE}{number}/log-out")
    assert other.get("/console/").status_code == 302
    assert "すべての端末からログアウトさせました。" in visitor.get(f"{PAGE}{number}").text
    assert 'id="secret"' in visitor.post(f"{PAGE}{number}/password").text
    assert other.try_to_log_in("taro", PASSWORD).status_code == 401


def test_the_page_says_when_somebody_last_logged_in(visitor: Visitor) -> None:
    visitor.log_in()
    with visitor.services.database.begin() as session:
        operators.create(session, "taro", "", Role.TILL, None, A_SATURDAY)
    page = visitor.get(PAGE).text
    assert "最後のログイン: 2026年11月21日（土） 14:30" in page
    assert "まだログインしていません" in page

"""The doors of the console."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import operators
from bot.models import Role
from bot.security import safe_next
from bot.services import Services
from tests.bot.apps import new_app
from tests.bot.browsing import OUR_OWN, PASSWORD, Forms, Visitor
from tests.fakes.clock import FakeClock


def test_a_stranger_is_sent_to_the_log_in_page_and_back_to_where_they_wanted(visitor: Visitor) -> None:
    away = visitor.get("/console/friends/?q=花")
    assert away.status_code == 302
    page = visitor.get(away.location)
    assert 'value="/console/friends/?q=' in page.text
    visitor.log_in_at_the_door()
    assert visitor.get("/console/friends/").status_code == 200


def test_the_cookie_is_kept_from_scripts_and_other_sites(visitor: Visitor) -> None:
    visitor.log_in_at_the_door()
    cookie = visitor.get("/console/").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_the_cookie_travels_encrypted_when_the_shop_is_reached_by_https(services: Services) -> None:
    settings = services.settings.model_copy(update={"public_url": "https://shop.example"})
    visitor = Visitor(new_app(replace(services, settings=settings)))
    answer = visitor.client.get("/console/login", base_url="https://shop.example")
    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("login", ["hanako", "nobody"])
def test_a_wrong_password_and_an_unknown_login_get_the_same_answer(visitor: Visitor, login: str) -> None:
    with visitor.services.database.begin() as session:
        operators.create(session, "hanako", "", Role.OWNER, PASSWORD, visitor.services.clock.now())
    answer = visitor.try_to_log_in(login, "wrong password")
    assert answer.status_code == 401
    assert "ログイン名またはパスワードが違います。" in answer.text
    assert "wrong password" not in answer.text


def test_the_sixth_try_waits_and_says_how_long(visitor: Visitor) -> None:
    for _ in range(5):
        visitor.try_to_log_in("hanako", "wrong password")
    answer = visitor.try_to_log_in("hanako", "wrong password")
    assert answer.status_code == 429
    assert "15分ほど" in answer.text


def test_a_log_in_without_the_forms_token_is_refused(visitor: Visitor) -> None:
    answer = visitor.client.post("/console/login", data={"login": "hanako", "password": PASSWORD})
    assert answer.status_code == 400
    assert "もう一度ログインしてください" in answer.text


def test_nothing_planted_in_the_session_before_the_log_in_survives_it(visitor: Visitor) -> None:
    with visitor.client.session_transaction() as session:
        session["planted"] = "yes"
    visitor.log_in_at_the_door()
    with visitor.client.session_transaction() as session:
        assert "planted" not in session


def test_logging_out_closes_the_console_and_takes_a_form_not_a_link(visitor: Visitor) -> None:
    visitor.log_in_at_the_door()
    assert visitor.get("/console/logout").status_code == 405
    visitor.post("/console/logout")
    assert visitor.get("/console/").status_code == 302


def test_a_one_time_password_opens_nothing_but_its_own_change(visitor: Visitor) -> None:
    with visitor.services.database.begin() as session:
        password = operators.create(session, "taro", "", Role.OWNER, None, visitor.services.clock.now())
    visitor.try_to_log_in("taro", password)
    assert visitor.get("/console/friends/").location == "/console/account/password"
    change = {"current_password": password, "new_password": PASSWORD, "again_password": PASSWORD}
    answer = visitor.submit("/console/account/password", change)
    assert answer.status_code == 302, answer.text
    assert visitor.get("/console/friends/").status_code == 200


@pytest.mark.parametrize(
    ("new", "again", "words"),
    [
        ("short", "short", "10文字以上"),
        ("suika momo nashi", "suika momo", "一致しません"),
        (PASSWORD, PASSWORD, "同じパスワード"),
    ],
)
def test_a_password_that_will_not_do_is_told_beside_the_field(
    visitor: Visitor, new: str, again: str, words: str
) -> None:
    visitor.log_in_at_the_door()
    change = {"current_password": PASSWORD, "new_password": new, "again_password": again}
    answer = visitor.submit("/console/account/password", change)
    assert answer.status_code == 422
    assert words in answer.text
    assert new not in answer.text


def test_logging_out_everywhere_ends_other_browsers_too(visitor: Visitor) -> None:
    visitor.log_in_at_the_door()
    other = Visitor(visitor.app)
    other.try_to_log_in("hanako", PASSWORD)
    assert other.get("/console/").status_code == 200
    visitor.post("/console/account/log-out-everywhere")
    assert other.get("/console/").status_code == 302


def test_a_session_ends_a_week_after_its_log_in_however_busy(visitor: Visitor, clock: FakeClock) -> None:
    visitor.log_in_at_the_door()
    clock.advance(timedelta(days=7, minutes=1))
    assert visitor.get("/console/").status_code == 302


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/console/",
        "//evil.example/console/",
        "/\\evil.example/console/",
        "/console/\r\nSet-Cookie: a=b",
        "/webhook",
        "javascript:alert(1)",
        "",
        None,
    ],
)
def test_a_log_in_leads_nowhere_but_into_the_console(target: str | None) -> None:
    assert safe_next(target) is None


def test_what_was_typed_survives_a_session_that_ended(visitor: Visitor) -> None:
    visitor.log_in_at_the_door()
    typed = {"name": "冬の<b>お知らせ</b>", "text_ja": "こんにちは", "audience": "everyone"}
    visitor.client.delete_cookie("kokyaku")
    door = visitor.client.post("/console/broadcasts/new", data=typed, headers=OUR_OWN)
    assert door.status_code == 401
    assert "入力された内容は保たれています" in door.text
    form = next(each for each in Forms(door.text).found if each.action == "/console/login")
    sent = {name: values[0] for name, values in form.fields.items()}
    again = visitor.client.post(
        "/console/login", data=sent | {"login": "hanako", "password": PASSWORD}, headers=OUR_OWN
    )
    resumed = Forms(again.text).found[0]
    assert resumed.action == "/console/broadcasts/new"
    assert {name: values[0] for name, values in resumed.fields.items()}.items() >= typed.items()


def test_a_form_that_another_site_filled_in_is_not_kept(visitor: Visitor) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    door = visitor.client.post("/console/broadcasts/new", data={"name": "罠"}, headers=foreign)
    assert "罠" not in door.text
    assert "入力された内容は保たれています" not in door.text


def test_passwords_are_never_kept(visitor: Visitor) -> None:
    typed = {"current_password": "suika momo nashi"}
    door = visitor.client.post("/console/account/password", data=typed, headers=OUR_OWN)
    assert "suika" not in door.text


def test_the_bare_address_leads_to_the_console_and_strangers_to_the_door(visitor: Visitor) -> None:
    answer = visitor.get("/")
    assert (answer.status_code, answer.location) == (302, "/console/")
    assert visitor.get(answer.location).location.startswith("/console/login")
    visitor.log_in_at_the_door()
    assert visitor.get(visitor.get("/").location).status_code == 200
    assert visitor.get("/healthz").is_json
    assert visitor.get("/somewhere").status_code == 404

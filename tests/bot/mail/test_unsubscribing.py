"""Refusing further mail: a page with a button, and one tap in the mail program."""

from collections.abc import Generator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from bot.mail.composing import PATH, Unsubscribing
from bot.services import Services
from bot.settings import Settings
from scheduler import mail_settings
from scheduler.mail_settings import MailSettings
from segments import mail_consent
from segments.db import Database
from tests.bot.apps import new_app
from tests.builders import a_friend, days_ago
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue

ADDRESS = "hanako@example.com"
PUBLIC = "https://tea.example"


@pytest.fixture
def web(sqlite: Database, clock: FakeClock, tmp_path: Path) -> Generator[FlaskClient]:
    """Return a browser before a shop that sends mail."""
    settings = Settings.model_construct(data=tmp_path, public_url=PUBLIC)
    services = Services(settings, sqlite, clock, FakeGateway(), FakeQueue())
    with sqlite.begin() as session:
        mail_settings.save(session, MailSettings("みどり茶舗", "東京都", "03-0000-0000"), clock.now())
    app = new_app(services)
    with app.test_client() as client:
        yield client


def agreed(database: Database) -> int:
    """Add a friend who agreed to mail; return their id."""
    with database.begin() as session:
        return a_friend(session, email=ADDRESS, email_consent_at=days_ago(3)).id


def address_of(web: FlaskClient, friend_id: int) -> str:
    """Return the path in a friend's mails."""
    secret = str(web.application.secret_key)
    return Unsubscribing(PUBLIC, secret).address(friend_id).removeprefix(PUBLIC)


def is_reached(database: Database, friend_id: int) -> bool:
    """Say whether mail may go to a friend."""
    with database.reading() as session:
        return friend_id in mail_consent.addresses(session, [friend_id])


def test_looking_at_the_page_changes_nothing_and_the_button_does(web: FlaskClient, sqlite: Database) -> None:
    friend_id = agreed(sqlite)
    path = address_of(web, friend_id)

    page = web.get(path)
    assert page.status_code == 200
    assert "みどり茶舗" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert is_reached(sqlite, friend_id)

    assert "停止しました" in web.post(path).text
    assert not is_reached(sqlite, friend_id)


def test_one_tap_in_the_mail_program_is_enough_and_twice_does_no_harm(
    web: FlaskClient, sqlite: Database
) -> None:
    friend_id = agreed(sqlite)
    path = address_of(web, friend_id)

    for _ in range(2):
        assert web.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200

    assert not is_reached(sqlite, friend_id)


def test_a_made_up_token_finds_nobody(web: FlaskClient, sqlite: Database) -> None:
    friend_id = agreed(sqlite)
    good = address_of(web, friend_id)

    for path in (f"{PATH}{friend_id}", f"{PATH}{friend_id}.x", good[:-1], f"{PATH}１.x", f"{PATH}%00"):
        assert web.get(path).status_code == web.post(path).status_code == 404
    assert is_reached(sqlite, friend_id)


def test_a_friend_who_is_gone_is_told_the_same(web: FlaskClient) -> None:
    assert web.post(address_of(web, 999)).status_code == 200

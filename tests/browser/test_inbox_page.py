"""The inbox in a real browser: a message arrives while an answer is being typed, and the answer is sent by keyboard."""

from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot import operators
from bot.models import Role
from bot.services import Services
from segments import conversations
from segments.db import Database
from segments.models import Friend
from tests.bot.browsing import PASSWORD
from tests.bot.conftest import services_over
from tests.browser.pages import DESK, PHONE, console_page, fits, log_in, needs_chromium
from tests.builders import a_friend
from tests.fakes.clock import FakeClock

pytestmark = needs_chromium


@pytest.fixture
def services(sqlite: Database, clock: FakeClock, tmp_path: Path) -> Services:
    made = services_over(sqlite, clock, tmp_path)
    with sqlite.begin() as session:
        operators.create(session, "hanako", "花子", Role.OWNER, PASSWORD, clock.now())
        a_friend(session, display_name="さくら")
    says(made, "送料はいくらですか")
    return made


def says(services: Services, words: str) -> None:
    with services.database.begin() as session:
        friend, now = session.get_one(Friend, 1), services.clock.now()
        said = conversations.heard(
            session, friend, kind="text", text=words, content=None, line_message_id=words, at=now
        )
        conversations.ask(session, friend, said, now)


@pytest.fixture(params=[(PHONE, "light", True), (DESK, "dark", True)], ids=["phone", "desk"])
def page(request: pytest.FixtureRequest, browser: Browser, services: Services) -> Generator[Page]:
    with console_page(browser, services, request.param) as opened:
        yield opened


def test_a_message_arrives_while_an_answer_is_typed(page: Page, services: Services) -> None:
    log_in(page, "/console/inbox/")
    assert fits(page, "/console/inbox/")
    page.get_by_role("link", name="さくら").click()
    assert fits(page, r"/console/inbox/1\?filter=waiting")
    field = page.get_by_label("お返事", exact=True)
    field.click()
    page.keyboard.type("500円です")
    says(services, "急いでいます")
    expect(page.locator("#thread").get_by_text("急いでいます")).to_be_visible()
    expect(page.locator("#inbox-said")).to_contain_text("さくらさんから新しいメッセージ: 急いでいます")
    expect(field).to_be_focused()
    expect(field).to_have_value("500円です")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("送信しました。")).to_be_visible()
    expect(page.locator("#thread").get_by_text("500円です")).to_be_visible()
    expect(page.get_by_label("お返事", exact=True)).to_have_value("")
    assert fits(page, r"/console/inbox/1\?filter=waiting")

"""An operator writes a message in a real browser: the preview follows, facts go in at the cursor, a crash loses nothing."""

from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from bot import operators
from bot.models import Role
from bot.services import Services
from segments.db import Database
from tests.bot.browsing import PASSWORD
from tests.bot.conftest import services_over
from tests.browser.pages import DESK, PHONE, console_page, fits, log_in, needs_chromium
from tests.builders import a_friend
from tests.fakes.clock import FakeClock

NEW = "/console/messages/new"

pytestmark = needs_chromium


@pytest.fixture
def services(sqlite: Database, clock: FakeClock, tmp_path: Path) -> Services:
    made = services_over(sqlite, clock, tmp_path)
    with sqlite.begin() as session:
        a_friend(session, display_name="佐藤 一郎")
        operators.create(session, "hanako", "花子", Role.OWNER, PASSWORD, clock.now())
    return made


@pytest.fixture(params=[(PHONE, "light", True), (DESK, "dark", True)], ids=["phone", "desk"])
def page(request: pytest.FixtureRequest, browser: Browser, services: Services) -> Generator[Page]:
    with console_page(browser, services, request.param) as opened:
        yield opened


def test_what_somebody_quick_types_before_the_scripts_are_there_is_previewed_and_kept(page: Page) -> None:
    log_in(page, NEW)

    def come_late(script: Route) -> None:
        page.get_by_label("本文").fill("新しいお茶です。")
        script.continue_()

    page.route("**/message_editor.js", come_late)
    page.goto(NEW)

    expect(page.locator("#preview .lp-text")).to_have_text("新しいお茶です。")
    expect(page.locator("#kept")).to_contain_text("自動保存")


def test_a_card_is_written_previewed_kept_and_saved(page: Page) -> None:
    log_in(page, NEW)
    assert fits(page, NEW)
    page.get_by_label("メッセージの名前").fill("秋のお知らせ")
    page.get_by_label("本文").fill("新しいお茶です。")
    page.get_by_text("差し込み（お名前・商品・期限など）").click()
    page.get_by_label("差し込む情報").select_option("最後に買った商品")
    page.get_by_label("情報がないときの言葉（任意）").fill("いつもの商品")
    page.get_by_label("本文").press("Home")
    page.get_by_role("button", name="カーソルの位置に入れる").click()
    expect(page.get_by_label("本文")).to_have_value("{最後に買った商品|いつもの商品}新しいお茶です。")
    expect(page.locator("#preview .lp-text")).to_have_text("見本の商品新しいお茶です。")

    page.get_by_role("button", name="商品カード", exact=True).click()
    page.get_by_label("商品名").fill("一番茶")
    page.get_by_label("価格（任意）").fill("1,580円")
    expect(page.locator("#preview .fx-bubble")).to_contain_text("1,580円")
    expect(page.locator("#preview .fx-text").nth(1)).to_have_css("color", "rgb(11, 107, 79)")
    expect(page.locator("#kept")).to_contain_text("自動保存しました")

    # The browser crashed, say: what was typed is there again.
    page.goto(NEW)
    expect(page.get_by_label("商品名")).to_have_value("一番茶")
    expect(page.get_by_text("まだ保存していない内容です。")).to_be_visible()
    page.locator("#as_q").fill("佐藤")
    page.get_by_label("佐藤 一郎").check()
    expect(page.locator("#preview .lp-text")).to_have_text("いつもの商品新しいお茶です。")
    assert fits(page, NEW)

    page.get_by_role("button", name="保存する", exact=True).click()
    assert fits(page, r"/console/messages/\d+")
    expect(page.get_by_text("メッセージを保存しました。")).to_be_visible()
    expect(page.locator(".fx-bubble")).to_contain_text("一番茶")


def test_a_text_that_is_too_long_is_told_while_it_is_typed(page: Page) -> None:
    log_in(page, NEW)
    page.get_by_label("本文").fill("😀" * 2501)
    expect(page.get_by_text("5,002 / 5,000")).to_be_visible()
    expect(page.get_by_text("5000文字以内で入力してください（現在5002文字）。")).to_be_visible()

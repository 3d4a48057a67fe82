"""A segment built in a browser: conditions added, moved and filled in while the count follows; also without scripts."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from bot import operators
from bot.models import Role
from bot.services import Services
from segments.db import Database
from segments.models import Segment
from tests.bot.browsing import PASSWORD
from tests.bot.conftest import services_over
from tests.browser.pages import DESK, PHONE, Look, console_page, fits, log_in, needs_chromium
from tests.builders import a_friend
from tests.fakes.clock import FakeClock

pytestmark = needs_chromium
LOOKS: list[Look] = [(PHONE, "light", True), (DESK, "dark", True), (DESK, "light", False)]


@pytest.fixture
def services(sqlite: Database, clock: FakeClock, tmp_path: Path) -> Services:
    made = services_over(sqlite, clock, tmp_path)
    with sqlite.begin() as session:
        operators.create(session, "hanako", "花子", Role.OWNER, PASSWORD, clock.now())
        for count in (1, 2, 3):
            a_friend(session, display_name=f"購入{count}回さん", facts={"purchase_count": count})
    return made


@pytest.mark.parametrize("how", LOOKS, ids=["phone", "desk", "no-scripts"])
def test_bought_twice_and_due_soon_is_built_counted_and_saved(
    browser: Browser, services: Services, how: Look
) -> None:
    has_scripts = how[2]
    with console_page(browser, services, how) as page:
        log_in(page, "/console/segments/new")
        add = page.get_by_role("button", name="条件を追加")
        page.get_by_label("セグメントの名前").fill("二回")
        page.get_by_label("追加する条件").select_option("due_within")
        add.click()
        days = page.get_by_label("これから … 日以内")
        expect(days).to_be_focused()
        page.keyboard.type("7")
        page.get_by_label("追加する条件").select_option("purchase_count")
        add.click()
        often = page.get_by_label("… 回以上")
        expect(often).to_be_focused()
        page.keyboard.type("2")
        page.get_by_role("button", name="「購入回数 2」を上へ").click()
        expect(page.locator(".conditions-leaf legend").first).to_have_text("購入回数")
        expect(days).to_have_value("7")
        page.get_by_role("button", name="「次の購入の予定 2」を削除").click()
        expect(days).to_have_count(0)
        if not has_scripts:
            page.get_by_role("button", name="人数を数える").click()
        counted = page.locator(".conditions-count")
        expect(counted).to_contain_text("2人")
        expect(counted).to_contain_text("2回以上購入")
        expect(counted.get_by_role("link", name="購入3回さん")).to_be_visible()
        page.get_by_role("button", name="元に戻す").click()
        expect(days).to_have_value("7")
        if has_scripts:
            expect(counted).to_contain_text("だれもあてはまりません")
        expect(page.get_by_label("セグメントの名前")).to_have_value("二回")
        assert fits(page, "/console/segments/new")
        page.get_by_role("button", name="保存する").click()
        assert fits(page, r"/console/segments/\d+")
        expect(page.get_by_role("heading", level=1)).to_have_text("二回")
    with services.database.reading() as session:
        saved = session.scalars(select(Segment.condition)).one()
    assert saved["of"] == [
        {"is": "purchase_count", "at_least": 2},
        {"is": "due_within", "category": "", "days": 7},
    ]

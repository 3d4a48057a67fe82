"""A shop is set up in a real browser: its settings, a scenario's step; on a phone and at a desk."""

import re
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from bot import operators
from bot.models import Role
from bot.services import Services
from scheduler import library, step_changes
from scheduler.models import Message, Step
from segments import shop
from segments.db import Database
from tests.bot.browsing import PASSWORD
from tests.bot.conftest import services_over
from tests.browser.pages import DESK, PHONE, console_page, fits, log_in, needs_chromium
from tests.fakes.clock import FakeClock

pytestmark = needs_chromium


@pytest.fixture
def services(sqlite: Database, clock: FakeClock, tmp_path: Path) -> Services:
    made = services_over(sqlite, clock, tmp_path)
    with sqlite.begin() as session:
        library.install(session, clock.now())
        operators.create(session, "hanako", "花子", Role.OWNER, PASSWORD, clock.now())
    return made


@pytest.fixture(params=[(PHONE, "light", False), (DESK, "dark", True)], ids=["phone-without-js", "desk"])
def page(request: pytest.FixtureRequest, browser: Browser, services: Services) -> Generator[Page]:
    with console_page(browser, services, request.param) as opened:
        yield opened


def test_a_shop_tells_its_name_and_mends_a_mistake(page: Page, services: Services) -> None:
    log_in(page, "/console/settings/")
    assert fits(page, "/console/settings/")
    page.get_by_label("お店の名前").fill("みどり茶舗")
    page.get_by_label("水曜日").check()
    page.get_by_label("無料プレゼントの名前（日本語）").fill("淹れ方ガイド")
    page.get_by_label("無料プレゼントのリンク").fill("guide.pdf")
    page.get_by_role("button", name="保存する").click()
    expect(page.get_by_text("https:// で始まるリンクを入力してください。")).to_be_visible()
    expect(page.get_by_label("お店の名前")).to_have_value("みどり茶舗")
    page.get_by_label("無料プレゼントのリンク").fill("https://example.com/guide.pdf")
    page.get_by_label("ライトプラン").check()
    page.get_by_role("button", name="保存する").click()
    expect(page.get_by_text("お店の設定を保存しました。")).to_be_visible()
    with services.database.reading() as session:
        assert shop.load(session).closed_weekdays == (2,)


def test_the_words_of_a_step_are_changed(page: Page, services: Services) -> None:
    log_in(page, "/console/scenarios/")
    assert fits(page, "/console/scenarios/")
    page.get_by_role("link", name=re.compile("そろそろのお知らせ")).click()
    assert fits(page, r"/console/scenarios/\d+(#.*)?")
    page.get_by_text("このステップを変える").first.click()
    page.get_by_role("link", name=re.compile("文面を変える")).first.click()
    assert fits(page, r"/console/scenarios/steps/\d+")
    alt = page.get_by_label("通知とトーク一覧に出る文").first
    expect(alt).to_have_value("{最後に買った商品}は、そろそろなくなる頃ではありませんか？")
    alt.fill("{最後に買った商品}のお届け、そろそろいかがですか？")
    page.get_by_label("送る時刻").fill("10:30")
    page.get_by_role("button", name="保存する").click()
    expect(page.get_by_text("ステップを保存しました。")).to_be_visible()
    with services.database.reading() as session:
        step = session.scalars(select(Step).join(Message).where(Message.key == "cycle_reminder")).one()
        version = step_changes.newest(session, step.message_id or 0)
    assert f"{step.at_time:%H:%M}" == "10:30"
    said = version.content["ja"][0]["altText"]
    assert said == "{{ last_product.name | default('いつもの商品') }}のお届け、そろそろいかがですか？"

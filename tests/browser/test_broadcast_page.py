"""An operator with a real browser: log in, compose, see the price, send, watch; on a phone and at a desk."""

from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from bot import operators
from bot.models import Role
from bot.services import Services
from scheduler.models import Broadcast, BroadcastState, Delivery, DeliveryKind, DeliveryState, Purpose
from segments.db import Database
from tests.bot.apps import new_app
from tests.bot.browsing import PASSWORD
from tests.bot.conftest import services_over
from tests.bot.serving import served
from tests.browser.pages import DESK, PHONE, fits, log_in, needs_chromium, watched_page
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY, FakeClock

NEW = "/console/broadcasts/new"

pytestmark = needs_chromium


@pytest.fixture
def services(sqlite: Database, clock: FakeClock, tmp_path: Path) -> Services:
    made = services_over(sqlite, clock, tmp_path)
    with sqlite.begin() as session:
        for _ in range(3):
            a_friend(session)
        a_friend(session, blocked_at=days_ago(1))
        operators.create(session, "hanako", "花子", Role.OWNER, PASSWORD, clock.now())
    return made


@pytest.fixture
def address(services: Services) -> Generator[str]:
    with served(new_app(services)) as url:
        yield url


@pytest.fixture(params=[(PHONE, "light"), (DESK, "dark")], ids=["phone", "desk"])
def page(request: pytest.FixtureRequest, browser: Browser, address: str) -> Generator[Page]:
    viewport, scheme = request.param
    with watched_page(browser, viewport=viewport, color_scheme=scheme, base_url=address) as opened:
        yield opened


def test_a_broadcast_is_composed_priced_sent_and_watched(page: Page, services: Services) -> None:
    log_in(page, NEW)
    assert fits(page, NEW)
    page.get_by_label("配信の名前").fill("新茶のお知らせ")
    page.get_by_label("日本語の本文").fill("こんにちは、")
    page.get_by_role("button", name="お名前").click()
    expect(page.get_by_label("日本語の本文")).to_have_value("こんにちは、{お名前}")
    expect(page.locator("[data-kept]")).to_contain_text("自動保存しました")
    page.get_by_role("button", name="保存して配信先へ進む").click()

    assert fits(page, r"/console/broadcasts/\d+/audience")
    page.get_by_label("顧客ステージで選ぶ").check()
    page.get_by_role("button", name="人数と料金を確認する").click()
    expect(page.get_by_text("顧客ステージを1つ以上選んでください。")).to_be_visible()
    page.get_by_label("すべての友だち").check()
    page.get_by_role("button", name="人数と料金を確認する").click()

    assert fits(page, r"/console/broadcasts/\d+/price")
    expect(page.locator("#reachable")).to_have_text("3人")
    expect(page.locator("#yen")).to_have_text("0円")
    page.get_by_role("link", name="見本とテストへ進む").click()
    assert fits(page, r"/console/broadcasts/\d+/look")
    expect(page.locator(".lp-text")).to_have_text("こんにちは、山田 花子様")
    page.get_by_role("link", name="確認と送信へ進む").click()
    assert fits(page, r"/console/broadcasts/\d+/confirm")
    page.get_by_role("button", name="3人に送信する").click()
    expect(page.locator("[data-state-label]")).to_have_text("準備中")
    assert fits(page, r"/console/broadcasts/\d+")

    begin_to_leave(services)
    expect(page.locator("[data-state-label]")).to_have_text("配信中")
    expect(page.locator("[data-count=accepted]")).to_have_text("1")
    with services.database.begin() as session:
        session.execute(update(Delivery).values(state=DeliveryState.ACCEPTED))
    expect(page.locator("[data-count=accepted]")).to_have_text("3")

    page.get_by_role("button", name="一時停止する").click()
    expect(page.locator("[data-state-label]")).to_have_text("一時停止中")


def begin_to_leave(services: Services) -> None:
    """Do what the worker would: three deliveries, one of them accepted."""
    with services.database.begin() as session:
        broadcast = session.scalars(select(Broadcast)).one()
        for friend_id in (1, 2, 3):
            session.add(
                Delivery(
                    friend_id=friend_id,
                    kind=DeliveryKind.BROADCAST,
                    purpose=Purpose.SALES,
                    broadcast_id=broadcast.id,
                    state=DeliveryState.ACCEPTED if friend_id == 1 else DeliveryState.QUEUED,
                    created_at=A_SATURDAY,
                )
            )
        broadcast.state, broadcast.planned_at = BroadcastState.SENDING, A_SATURDAY


def test_the_keyboard_alone_reaches_the_content_and_the_language(page: Page) -> None:
    log_in(page, NEW)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="本文へ進む")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.get_by_role("button", name="English").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="New broadcast")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "en"


def test_the_description_of_the_api_opens_without_anything_from_elsewhere(page: Page) -> None:
    page.goto("/api/v1/docs")
    expect(page.locator(".opblock").first).to_be_visible()

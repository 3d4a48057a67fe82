"""Settings in a real browser: the first steps notice a greeting by themselves, thresholds are tried, staff invited."""

from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot import operators, ready_made
from bot.models import Role
from bot.services import Services
from scheduler import library
from scheduler.models import Delivery, DeliveryKind, DeliveryState, Purpose
from segments import policies
from segments.db import Database
from tests.bot.browsing import PASSWORD
from tests.bot.conftest import services_over
from tests.browser.pages import DESK, PHONE, console_page, fits, log_in, needs_chromium
from tests.builders import a_friend, days_ago
from tests.fakes.clock import FakeClock

pytestmark = needs_chromium


@pytest.fixture
def services(sqlite: Database, clock: FakeClock, tmp_path: Path) -> Services:
    made = services_over(sqlite, clock, tmp_path)
    with sqlite.begin() as session:
        ready_made.install(session, clock.now())
        operators.create(session, "hanako", "花子", Role.OWNER, PASSWORD, clock.now())
        bought = {
            "stage": "existing",
            "stage_reason": "full_price",
            "purchase_count": 1,
            "full_price_count": 1,
        }
        a_friend(
            session, facts=bought | {"last_purchase_at": days_ago(100), "first_purchase_at": days_ago(100)}
        )
    simulator = {"line_api_base_url": "http://127.0.0.1:8100"}
    return replace(made, settings=made.settings.model_copy(update=simulator))


@pytest.fixture(params=[(PHONE, "dark", True), (DESK, "light", True)], ids=["phone", "desk"])
def page(request: pytest.FixtureRequest, browser: Browser, services: Services) -> Generator[Page]:
    with console_page(browser, services, request.param) as opened:
        yield opened


def greet(services: Services) -> None:
    """Have somebody follow and be greeted, as the webhook's handler writes it down."""
    now = services.clock.now()
    with services.database.begin() as session:
        friend = a_friend(session, display_name="田中", followed_at=now - timedelta(seconds=5))
        session.add(
            Delivery(
                friend_id=friend.id,
                kind=DeliveryKind.REPLY,
                purpose=Purpose.SERVICE,
                state=DeliveryState.ACCEPTED,
                message_version_id=library.message(session, "greeting").id,
                created_at=now,
            )
        )


def test_the_first_steps_notice_a_new_friend_without_a_reload(page: Page, services: Services) -> None:
    log_in(page, "/console/first-steps/")
    assert fits(page, "/console/first-steps/")
    expect(page.get_by_text("この1時間に友だちになった方は、まだいません。")).to_be_visible()
    greet(services)
    page.get_by_role("button", name="田中は私です").click()
    expect(page.get_by_text("ご自身のLINEとして登録しました。")).to_be_visible()
    arrived = page.locator("#step-arrived")
    expect(arrived.get_by_text("完了")).to_be_visible()


def test_thresholds_are_tried_before_they_are_applied(page: Page, services: Services) -> None:
    log_in(page, "/console/settings/policies/stages")
    assert fits(page, "/console/settings/policies/stages")
    page.get_by_label("周期がわからない人が離脱となる日数").fill("90")
    page.get_by_role("button", name="何人が移動するか試す").click()
    expect(page.get_by_text("1人が移動します", exact=True)).to_be_visible()
    assert fits(page, "/console/settings/policies/stages/trials/1")
    page.get_by_role("button", name="この基準を適用する").click()
    expect(page.get_by_text("新しい基準にしました。")).to_be_visible()
    assert fits(page, "/console/settings/policies/stages/history")
    with services.database.reading() as session:
        assert policies.stage_policy(session).lapse_days_without_cycle == 90


def test_somebody_is_invited_and_their_password_is_copied_by_hand(page: Page) -> None:
    log_in(page, "/console/settings/staff/")
    assert fits(page, "/console/settings/staff/")
    page.get_by_label("ログイン名").fill("taro")
    page.get_by_label("レジ担当").check()
    page.get_by_role("button", name="追加して、1回かぎりのパスワードを表示する").click()
    expect(page.locator("#secret")).to_be_visible()
    page.get_by_role("link", name="伝えました").click()
    expect(page.get_by_text("まだログインしていません")).to_be_visible()

"""Home and reports in a real browser: from the pyramid to a report, its table, and days of one's own."""

from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot import operators
from bot.models import Role
from bot.services import Services
from segments import day_counts
from segments.db import Database
from segments.models import StageChange
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
        operators.create(session, "hanako", "花子", Role.OWNER, PASSWORD, clock.now())
        friend = a_friend(session, facts={"stage": "prospect"})
        session.add(
            StageChange(
                friend_id=friend.id, from_stage="aware", to_stage="prospect", reason="x", at=days_ago(2)
            )
        )
    day_counts.refresh(sqlite, clock.now())
    return made


@pytest.fixture(params=[(PHONE, "dark", False), (DESK, "light", True)], ids=["phone-without-js", "desk"])
def page(request: pytest.FixtureRequest, browser: Browser, services: Services) -> Generator[Page]:
    with console_page(browser, services, request.param) as opened:
        yield opened


def test_one_goes_from_the_pyramid_to_its_friends_and_to_a_report_of_own_days(page: Page) -> None:
    log_in(page, "/console/")
    assert fits(page, "/console/")
    page.get_by_role("link", name="見込み: 1人、今月上がった人 1人").click()
    assert fits(page, r"/console/friends/\?stage=prospect")
    page.get_by_role("link", name="レポート", exact=True).click()
    page.get_by_role("link", name="ステージの動き").click()
    assert fits(page, r"/console/reports/stages\?period=3")
    table = page.locator("section", has=page.get_by_role("heading", name="上の段への移動と離脱"))
    table.locator("summary").click()
    expect(table.get_by_role("row", name="11/17〜 1 0")).to_be_visible()
    page.get_by_text("日付を指定").click()
    page.get_by_label("始まりの日").fill("2026-11-21")
    page.get_by_label("終わりの日").fill("2026-11-01")
    page.get_by_role("button", name="表示する").click()
    expect(page.get_by_text("始まりの日が終わりの日より後になっています。")).to_be_visible()
    page.get_by_label("始まりの日").fill("2026-11-19")
    page.get_by_label("終わりの日").fill("2026-11-21")
    page.get_by_role("button", name="表示する").click()
    assert fits(page, r"/console/reports/stages\?period=own&ladder=pyramid&from=2026-11-19&to=2026-11-21")
    assert page.locator("svg.chart-picture:visible").count() == 2

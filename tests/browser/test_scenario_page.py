"""A scenario is made and changed in a real browser: without scripts on a phone, with them at a desk."""

import re
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot import operators
from bot.models import Role
from bot.services import Services
from scheduler.enrolments import enrol
from scheduler.models import Scenario
from segments.db import Database
from tests.bot.browsing import PASSWORD
from tests.bot.conftest import services_over
from tests.browser.pages import DESK, PHONE, console_page, fits, log_in, needs_chromium
from tests.builders import a_friend
from tests.fakes.clock import FakeClock

pytestmark = needs_chromium
ONE = r"/console/scenarios/\d+"


@pytest.fixture
def services(sqlite: Database, clock: FakeClock, tmp_path: Path) -> Services:
    made = services_over(sqlite, clock, tmp_path)
    with sqlite.begin() as session:
        operators.create(session, "hanako", "花子", Role.OWNER, PASSWORD, clock.now())
    return made


@pytest.fixture(params=[(PHONE, "dark", False), (DESK, "light", True)], ids=["phone-without-js", "desk"])
def page(request: pytest.FixtureRequest, browser: Browser, services: Services) -> Generator[Page]:
    with console_page(browser, services, request.param) as opened:
        yield opened


def add(page: Page, place: int, kind: str) -> None:
    """Open a spot for a new step and choose what it does."""
    spot = page.locator("details.add").nth(place)
    spot.locator("summary").click()
    spot.get_by_role("link", name=kind).click()
    assert fits(page, rf"{ONE}/steps/new\?.*")


def test_a_scenario_is_made_looked_at_and_changed(page: Page, services: Services, clock: FakeClock) -> None:
    log_in(page, "/console/scenarios/")
    page.get_by_role("link", name="新しいシナリオを作る").click()
    assert fits(page, "/console/scenarios/new")
    page.get_by_role("button", name="作って、ステップへ進む").click()
    expect(page.get_by_text("名前を入力してください。")).to_be_visible()
    page.get_by_label("シナリオの名前").fill("秋のご案内")
    page.get_by_label("始まるきっかけ").select_option("date:birthday")
    page.get_by_label("何日前に始めるか").fill("7")
    page.get_by_role("button", name="作って、ステップへ進む").click()
    assert fits(page, ONE)
    add(page, 0, "メッセージを送る")
    page.get_by_label("ステップの名前").fill("前祝い")
    page.get_by_label("日本語の本文").fill("もうすぐお誕生日ですね")
    page.get_by_label("日後").fill("1")
    page.get_by_role("button", name="ステップを追加する").click()
    add(page, 1, "A/Bに分ける")
    page.get_by_role("button", name="ステップを追加する").click()
    expect(page.get_by_text("A 50%、B 50%")).to_be_visible()
    add(page, 2, "タグやクーポンを付ける")
    page.get_by_label("付けるタグ").fill("A案")
    page.get_by_role("button", name="ステップを追加する").click()
    expect(page.get_by_text("タグを付ける: A案")).to_be_visible()
    with services.database.begin() as session:
        scenario = session.query(Scenario).one()
        scenario.active = True
        friend = a_friend(session, display_name="さくら")
        assert enrol(session, scenario, friend.id, "test", {}, clock.now())
    page.reload()
    assert fits(page, ONE)
    expect(page.get_by_text("待っている友だち 1人")).to_be_visible()
    page.get_by_text("このステップを変える: 前祝い").click()
    page.get_by_role("link", name=re.compile("外す.*前祝い")).click()
    assert fits(page, r"/console/scenarios/steps/\d+/remove")
    expect(
        page.get_by_text("いま1人がここで待っています。予定の日時に「A/Bに分ける」へ進みます。")
    ).to_be_visible()
    page.get_by_role("button", name="ステップを外す").click()
    expect(page.get_by_text("ステップを外しました。")).to_be_visible()
    page.get_by_role("link", name="友だち1人で試す").click()
    assert fits(page, rf"{ONE}/try")
    page.get_by_label("友だちを探す").fill("さくら")
    page.get_by_role("button", name="探す").click()
    page.get_by_role("link", name="さくらさんで試す").click()
    expect(page.get_by_text("最後まで進みます。")).to_be_visible()
    assert fits(page, rf"{ONE}/try\?.*")

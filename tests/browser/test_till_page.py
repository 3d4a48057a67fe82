"""A sale at the till in a real browser: find the member, tap products, record once, undo; a file imported at a desk."""

import re
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from bot import operators
from bot.models import Role
from bot.services import Services
from scheduler.jobs import Job
from segments import coupons, member_cards, point_policy
from segments.coupons import CouponTerms
from segments.db import Database
from segments.imports import uploaded
from segments.models import Friend, Purchase
from segments.point_policy import PointPolicy
from tests.bot.browsing import PASSWORD
from tests.bot.conftest import services_over
from tests.browser.pages import DESK, PHONE, console_page, fits, log_in, needs_chromium
from tests.builders import a_friend, a_product
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.queue import FakeQueue

TILL = "/console/till/"

pytestmark = needs_chromium


@pytest.fixture
def services(sqlite: Database, clock: FakeClock, tmp_path: Path) -> Services:
    made = services_over(sqlite, clock, tmp_path)
    with sqlite.begin() as session:
        friend = a_friend(session, display_name="山田さくら", member_number="M-1")
        point_policy.save(session, PointPolicy(100, None, 1), "test", A_SATURDAY)
        coupons.define(session, "welcome", CouponTerms("初回クーポン", "", 500, 30), A_SATURDAY)
        coupons.grant(session, "welcome", friend.id, "test", A_SATURDAY)
        a_product(session, name="深蒸し茶", code="TEA", price_yen=1200)
        a_product(session, name="急須「常滑」黒 特大", code="POT", price_yen=3000)
        operators.create(session, "hanako", "花子", Role.OWNER, PASSWORD, clock.now())
    return made


@pytest.fixture(
    params=[(PHONE, "light", True), (PHONE, "dark", False), (DESK, "dark", True)],
    ids=["phone", "phone-without-js", "desk"],
)
def page(request: pytest.FixtureRequest, browser: Browser, services: Services) -> Generator[Page]:
    with console_page(browser, services, request.param) as opened:
        yield opened


def test_a_sale_is_recorded_once_and_undone(page: Page, services: Services) -> None:
    with services.database.begin() as session:
        friend_id = session.scalars(select(Friend.id)).one()
        code = member_cards.shown(member_cards.code_of(session, friend_id, A_SATURDAY))
    log_in(page, TILL)
    assert fits(page, TILL)
    page.get_by_label("会員コード・会員番号").fill(code)
    page.get_by_role("button", name="確認", exact=True).click()
    expect(page.get_by_text("山田さくら")).to_be_visible()
    page.wait_for_load_state()  # scripts, where there are any, have run
    plus = page.get_by_role("button", name="深蒸し茶を1つ増やす")
    if plus.count():
        plus.click()
        plus.click()
        page.get_by_label(re.compile("初回クーポン")).check()
        expect(page.locator("[data-total]")).to_have_text("1,900円")
    else:  # without scripts the number is typed and the server adds up
        page.get_by_role("textbox", name=re.compile("深蒸し茶")).fill("2")
        page.get_by_label(re.compile("初回クーポン")).check()
        page.get_by_role("button", name="合計を計算する").click()
        expect(page.locator("[data-total]")).to_have_text("1,900円")
    assert fits(page, rf"{TILL}\?.*")
    page.get_by_role("button", name="記録する", exact=True).dblclick()
    expect(page.get_by_role("heading", name="記録しました")).to_be_visible()
    assert fits(page, rf"{TILL}\?sold=.*")
    with services.database.reading() as session:
        assert session.scalars(select(Purchase.amount_yen)).all() == [1900]
    page.get_by_role("button", name="この記録を取り消す").click()
    expect(page.get_by_role("heading", name="取り消しました")).to_be_visible()


def test_a_file_of_purchases_is_checked_and_imported(page: Page, services: Services, tmp_path: Path) -> None:
    log_in(page, "/console/imports/")
    assert fits(page, "/console/imports/")
    _upload(page, tmp_path)
    page.wait_for_load_state()  # scripts, where there are any, have run and hidden the button
    look = page.get_by_role("button", name="下の表に反映する")
    is_asked = look.is_visible()
    page.get_by_role("combobox", name="売上", exact=True).select_option("amount")
    if is_asked:
        look.click()
    expect(page.get_by_text("2026年11月1日（日）")).to_be_visible()
    assert fits(page, r"/console/imports/\d+\?.*")
    page.get_by_role("button", name="全部の行を確認する").click()
    expect(page.get_by_role("heading", name="全部の行を確認しています")).to_be_visible()
    _work(services)
    page.reload()
    page.get_by_role("button", name="1行を取り込む").click()
    expect(page.get_by_role("heading", name="取り込んでいます")).to_be_visible()
    _work(services)
    page.reload()
    expect(page.get_by_role("heading", name="取り込みの結果")).to_be_visible()
    assert fits(page, r"/console/imports/\d+")
    with services.database.reading() as session:
        assert session.scalars(select(Purchase.order_id)).all() == ["A-1"]


def test_a_column_chosen_before_the_script_has_arrived_is_shown_at_once_too(
    browser: Browser, services: Services, tmp_path: Path
) -> None:
    held: list[Route] = []

    def hold(script: Route) -> None:
        held.append(script)

    with console_page(browser, services, (DESK, "light", True)) as page:
        log_in(page, "/console/imports/")
        page.route("**/imports.js*", hold, times=1)
        _upload(page, tmp_path)
        page.get_by_role("combobox", name="売上", exact=True).select_option("amount")
        for script in held:
            script.continue_()
        assert held
        expect(page.get_by_text("2026年11月1日（日）")).to_be_visible()


def _upload(page: Page, folder: Path) -> None:
    path = folder / "売上.csv"
    path.write_bytes(
        "伝票番号,売上日,会員番号,売上,商品コード\r\nA-1,令和8年11月1日,M-1,1200,TEA\r\n".encode("cp932")
    )
    page.get_by_label("CSVファイル").set_input_files(path)
    page.get_by_role("button", name="ファイルの中身を見る").click()
    expect(page.get_by_text("必要な列がまだ決まっていません")).to_be_visible()


def _work(services: Services) -> None:
    queue = services.queue
    assert isinstance(queue, FakeQueue)

    def run(upload_id: int, attempt: int) -> None:
        uploaded.work(services.database, services.clock, upload_id, attempt)

    queue.run({Job.IMPORT: run})

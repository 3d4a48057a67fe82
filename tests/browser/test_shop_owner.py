"""A stranger's first day as a shop owner, by what is on the screen alone: from the one-time password to stopping it all."""

import re
from collections.abc import Generator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot import operators
from segments.db import Database
from tests.bot.browsing import PASSWORD
from tests.browser.pages import DESK, PHONE, needs_chromium, watched_page
from tests.fakes.clock import FakeClock
from tests.journeys.world import World, a_world

pytestmark = needs_chromium

AKARI, MAKOTO = "星野 あかり", "木下 誠"
TEA = "SEN-100,煎茶「朝つゆ」,1,1620"
LINES = (
    "注文番号,購入日,会員番号,商品コード,商品名,数量,金額",
    *(f"A-{day},2026/{day},M-1,{TEA}" for day in ("09/03", "09/30", "10/28")),
    *(f"B-{day},2026/{day},M-2,{TEA}" for day in ("09/03", "09/30", "10/28")),
    f"C-1,きのう,M-1,{TEA}",
    f"C-2,2026/11/20,,{TEA}",
)


@dataclass
class Day:
    """The owner's desk, the phone of whoever is asked, and the world that both are in."""

    beside: Executor
    """Where the world lives: the browser keeps an event loop in the test's own thread, which the engine does not like."""
    world: World
    desk: Page
    phone: Page

    def settle(self) -> None:
        """Let everything that was begun come to rest."""
        self.beside.submit(self.world.settle).result()

    def go(self, section: str, place: str = "") -> None:
        """Go somewhere by the menu."""
        self.desk.get_by_role("link", name=section, exact=True).first.click()
        if place:
            self.desk.get_by_role("link", name=place, exact=True).first.click()

    def press(self, name: str) -> None:
        """Press a button of the page's own part."""
        self.desk.locator("main").get_by_role("button", name=name, exact=True).click()

    def hold(self, friend: str) -> None:
        """Take up a friend's phone."""
        self.phone.goto(self.world.line.url)
        self.phone.get_by_role("link", name=friend).click()

    def type(self, friend: str, words: str) -> None:
        """Let a friend type something to the shop."""
        self.hold(friend)
        self.phone.get_by_label("メッセージを入力").fill(words)
        self.phone.get_by_label("送信").click()
        expect(self.phone.locator(".mine .balloon").last).to_have_text(words)
        self.settle()

    def arrives(self, friend: str, words: str) -> None:
        """See the newest message on a friend's phone."""
        self.settle()
        self.hold(friend)
        expect(self.phone.locator(".theirs .balloon").last).to_contain_text(words)

    def fits(self) -> None:
        """See that nothing sticks out sideways."""
        inside = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert self.desk.evaluate(inside)


@pytest.fixture
def day(browser: Browser, sqlite: Database, clock: FakeClock, tmp_path: Path) -> Generator[Day]:
    with ThreadPoolExecutor(1, "world") as beside:
        opening = a_world(sqlite, clock, tmp_path)
        world = beside.submit(opening.__enter__).result()
        try:
            with (
                watched_page(browser, viewport=DESK, base_url=world.address) as desk,
                watched_page(browser, viewport=PHONE) as phone,
            ):
                yield Day(beside, world, desk, phone)
        finally:
            beside.submit(opening.__exit__, None, None, None).result()


def test_a_stranger_does_a_day_of_a_shop_owner(day: Day, tmp_path: Path) -> None:
    _logs_in_for_the_first_time(day)
    for number, friend in enumerate((AKARI, MAKOTO), start=1):
        _greets(day, friend)
        _gives_a_member_number(day, friend, f"M-{number}")
    _imports_purchases(day, tmp_path / "購入.csv")
    _builds_the_segment(day)
    _writes_looks_and_tests(day)
    day.type(MAKOTO, "配信停止")
    _sends_and_sees_it_arrive(day)
    _finds_out_why_one_did_not_get_it(day)
    _answers_a_question(day)
    _records_a_sale(day)
    _stops_everything_and_goes_on(day)


def _logs_in_for_the_first_time(day: Day) -> None:
    with day.world.database.begin() as session:
        login, password = operators.first_operator(session, day.world.clock.now()) or ("", "")
    day.desk.goto("/console/")
    day.desk.get_by_label("ログイン名").fill(login)
    day.desk.get_by_label("パスワード").fill(password)
    day.press("ログイン")
    day.desk.get_by_label("現在のパスワード").fill(password)
    day.desk.get_by_label("新しいパスワード", exact=True).fill(PASSWORD)
    day.desk.get_by_label("新しいパスワード（確認）").fill(PASSWORD)
    day.press("変更する")
    expect(day.desk.get_by_text("パスワードを変更しました。")).to_be_visible()


def _greets(day: Day, friend: str) -> None:
    day.phone.goto(day.world.line.url)
    day.phone.get_by_label("名前").fill(friend)
    day.phone.get_by_role("button", name="友だちを追加").click()
    expect(day.phone.get_by_label("メッセージを入力")).to_be_visible()
    day.settle()
    expect(day.phone.locator(".theirs .balloon").first).to_contain_text(f"{friend}様、友だち追加ありがとう")


def _gives_a_member_number(day: Day, friend: str, number: str) -> None:
    day.go("友だち")
    day.desk.get_by_role("link", name=friend).click()
    day.desk.get_by_role("link", name="編集").first.click()
    day.desk.get_by_label("会員番号").fill(number)
    day.press("保存する")
    expect(day.desk.get_by_text(number).first).to_be_visible()


def _imports_purchases(day: Day, path: Path) -> None:
    path.write_bytes("\r\n".join(LINES).encode("cp932"))
    day.go("商品と購入", "取り込み")
    day.desk.get_by_label("CSVファイル").set_input_files(path)
    day.press("ファイルの中身を見る")
    expect(day.desk.get_by_text("購入日「きのう」は日付として読めません。")).to_be_visible()
    day.desk.get_by_label(re.compile("知らない商品は自動で登録する")).check()
    day.press("全部の行を確認する")
    expect(day.desk.get_by_text("会員番号もLINEユーザーIDもありません。")).to_be_visible()
    day.press("6行を取り込む")
    expect(day.desk.get_by_role("heading", name="取り込みの結果")).to_be_visible()
    day.settle()


def _builds_the_segment(day: Day) -> None:
    day.go("友だち", "セグメント")
    day.desk.get_by_role("link", name="新しいセグメントを作る").click()
    day.desk.get_by_label("セグメントの名前").fill("そろそろの方")
    for condition, blank, number in (
        ("購入回数", "… 回以上", "2"),
        ("次の購入の予定", "これから … 日以内", "7"),
        ("最後の配信", "… 日以上前", "14"),
    ):
        day.desk.get_by_label("追加する条件").select_option(label=condition)
        day.press("条件を追加")
        day.desk.get_by_label(blank).fill(number)
    day.desk.get_by_label("一度もない友だちも含める").check()
    expect(day.desk.locator(".conditions-count")).to_contain_text("2人")
    day.press("保存する")
    expect(day.desk.get_by_role("heading", level=1)).to_have_text("そろそろの方")


def _writes_looks_and_tests(day: Day) -> None:
    day.desk.get_by_role("link", name="このセグメントに配信する").click()
    day.desk.get_by_label("配信の名前").fill("秋のお知らせ")
    day.desk.get_by_label("日本語の本文").fill("新茶が入りました、")
    day.press("お名前")
    day.press("保存して配信先へ進む")
    day.press("人数と料金を確認する")
    expect(day.desk.locator("#reachable")).to_have_text("2人")
    expect(day.desk.locator("#yen")).to_have_text("0円")
    day.desk.get_by_role("link", name="見本とテストへ進む").click()
    day.desk.get_by_label("見え方を確かめる友だちを探す").fill("星野")
    day.press("探す")
    day.desk.get_by_role("link", name=AKARI).click()
    expect(day.desk.locator(".lp-text")).to_have_text(f"新茶が入りました、{AKARI}様")
    day.press(f"{AKARI}さんをテスト送信先にする")
    day.press(f"自分（{AKARI}）にテスト送信する")
    expect(day.desk.get_by_text("テストを送信しました。")).to_be_visible()
    day.arrives(AKARI, f"新茶が入りました、{AKARI}様")


def _sends_and_sees_it_arrive(day: Day) -> None:
    day.desk.get_by_role("link", name="人数と料金に戻る").click()
    expect(day.desk.get_by_text("配信停止を希望されています")).to_be_visible()
    expect(day.desk.locator("#reachable")).to_have_text("1人")  # a test is no contact: Akari is still in it
    day.desk.get_by_role("link", name="見本とテストへ進む").click()
    day.desk.get_by_role("link", name="確認と送信へ進む").click()
    day.press("1人に送信する")
    expect(day.desk.locator("[data-state-label]")).to_be_visible()
    day.hold(AKARI)
    day.settle()
    # The test, and now the broadcast.
    expect(day.phone.locator(".theirs .balloon", has_text="新茶が入りました")).to_have_count(2)
    expect(day.desk.locator("[data-state-label]")).to_have_text("完了")


def _finds_out_why_one_did_not_get_it(day: Day) -> None:
    unsent = day.desk.locator("#progress li", has_text="配信停止を希望されています")
    unsent.get_by_role("link", name="1人").click()
    day.desk.get_by_role("row", name=MAKOTO).get_by_role("link", name="くわしく").click()
    expect(day.desk.get_by_role("heading", name="わかったこと")).to_be_visible()
    expect(day.desk.locator("main")).to_contain_text("見送りました：配信停止を希望されています")


def _answers_a_question(day: Day) -> None:
    day.type(AKARI, "ギフト包装はできますか？")
    day.desk.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    day.go("受信箱")
    day.desk.get_by_role("link", name=AKARI).first.click()
    expect(day.desk.get_by_text("ギフト包装はできますか？").last).to_be_visible()
    day.fits()
    day.desk.get_by_label("お返事", exact=True).fill("はい、無料でお包みします。")
    day.press("送信")
    expect(day.desk.get_by_text("はい、無料でお包みします。").last).to_be_visible()
    day.arrives(AKARI, "はい、無料でお包みします。")


def _records_a_sale(day: Day) -> None:
    day.go("商品と購入", "レジ")
    day.desk.get_by_label("会員コード・会員番号").fill("M-1")
    day.press("確認")
    expect(day.desk.get_by_text(AKARI)).to_be_visible()
    day.press("煎茶「朝つゆ」を1つ増やす")
    day.fits()
    day.press("記録する")
    expect(day.desk.get_by_role("heading", name="記録しました")).to_be_visible()


def _stops_everything_and_goes_on(day: Day) -> None:
    day.desk.set_viewport_size({"width": DESK["width"], "height": DESK["height"]})
    day.go("配信", "緊急停止")
    day.press("すべての配信を止める")
    day.go("ホーム")
    day.desk.get_by_role("link", name="再開の手続きへ").click()
    day.press("配信を再開する")
    expect(day.desk.get_by_text("配信を再開しました。")).to_be_visible()

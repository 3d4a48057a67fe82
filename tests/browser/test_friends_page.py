"""Friends in a real browser: found, tagged together, looked at; everything exported; one erased. On a phone and at a desk."""

import re
from collections.abc import Generator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import export_jobs, operators
from bot.models import Role
from bot.services import Services
from scheduler.jobs import Job
from segments import conversations, friend_notes, purchases, tags
from segments.db import Database
from segments.models import Friend, FriendTag, Product, Purchase
from segments.purchases import NewItem, NewPurchase
from tests.bot.browsing import PASSWORD
from tests.bot.conftest import services_over
from tests.browser.pages import DESK, PHONE, console_page, fits, log_in, needs_chromium
from tests.builders import a_friend, a_product, days_ago
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.queue import FakeQueue

pytestmark = needs_chromium


@pytest.fixture
def services(sqlite: Database, clock: FakeClock, tmp_path: Path) -> Services:
    made = services_over(sqlite, clock, tmp_path)
    with sqlite.begin() as session:
        operators.create(session, "hanako", "花子", Role.OWNER, PASSWORD, clock.now())
        tea = a_product(session, name="煎茶", category="お茶")
        for name, kana in (("田中 花子", "タナカ ハナコ"), ("佐藤 桜", "サトウ サクラ"), ("鈴木 一郎", "")):
            _customer(session, a_friend(session, display_name=name, kana=kana), tea)
    return made


def _customer(session: Session, friend: Friend, tea: Product) -> None:
    for days in (95, 64, 31, 2):
        order = NewPurchase(
            f"{friend.id}-{days}", days_ago(days), 2160, (NewItem(tea.code, 2),), friend_id=friend.id
        )
        purchases.record(session, order, days_ago(days), "till")
    tags.tag(session, friend.id, "お茶好き", days_ago(3), "operator:1")
    friend_notes.add(session, friend.id, "次回は新茶をご案内する", "operator:1", days_ago(1))
    conversations.said(
        session,
        friend.id,
        kind="text",
        text="おいしかったです",
        content=None,
        delivery_id=None,
        at=A_SATURDAY,
    )


@pytest.fixture(params=[(PHONE, "light", False), (DESK, "dark", True)], ids=["phone-without-js", "desk"])
def page(request: pytest.FixtureRequest, browser: Browser, services: Services) -> Generator[Page]:
    with console_page(browser, services, request.param) as opened:
        yield opened


def test_friends_are_found_and_tagged_together_and_it_is_undone(page: Page, services: Services) -> None:
    log_in(page, "/console/friends/")
    assert fits(page, "/console/friends/")
    page.get_by_label("名前・ふりがな・会員番号・タグ").fill("たなか")
    page.get_by_role("button", name="探す").click()
    page.wait_for_url(re.compile(r"/console/friends/\?q="))
    expect(page.get_by_role("status")).to_have_text("1人が当てはまります")
    page.get_by_label("当てはまる1人全員").check()
    page.get_by_label("タグの名前").fill("新茶")
    page.get_by_role("button", name="このタグを付ける").click()
    expect(page.get_by_text("1人に「新茶」のタグを付けます。")).to_be_visible()
    page.get_by_role("button", name="1人に付ける").click()
    expect(page.get_by_text("1人に新しく付きました。")).to_be_visible()
    assert fits(page, "/console/friends/taggings/1")
    page.get_by_role("button", name="1人を元に戻す").click()
    expect(page.get_by_text("変わった友だちを、すべて元に戻しました。")).to_be_visible()
    with services.database.reading() as session:
        assert tags.names_of(session, 1) == ["お茶好き"]


def test_a_friends_page_shows_all_that_happened_and_takes_a_note_and_a_tag(page: Page) -> None:
    log_in(page, "/console/friends/1")
    assert fits(page, "/console/friends/1")
    page.get_by_label("付けるタグ").fill("常連")
    page.get_by_role("button", name="付ける", exact=True).click()
    expect(page.get_by_text("タグ「常連」を付けました。")).to_be_visible()
    page.get_by_label("新しいメモ").fill("甘いものが苦手")
    page.get_by_role("button", name="メモを保存").click()
    expect(page.get_by_text("メモを保存しました。")).to_be_visible()
    page.get_by_role("link", name="購入・返金").click()
    page.wait_for_url(re.compile("kind=purchases"))
    happened = page.locator(".happening")
    expect(happened).to_have_count(4)
    expect(happened.first).to_contain_text("煎茶 ×2")


def test_everything_is_exported_and_a_friend_is_erased(page: Page, services: Services) -> None:
    log_in(page, "/console/data/")
    assert fits(page, "/console/data/")
    page.get_by_role("button", name="書き出しを始める").click()
    expect(page.get_by_role("button", name="書き出しを中止")).to_be_visible()
    queue = services.queue
    assert isinstance(queue, FakeQueue)
    queue.run({Job.EXPORT: partial(export_jobs.run, services.database, services.clock)})
    page.goto("/console/data/")
    with page.expect_download() as awaited:
        page.get_by_role("link", name=re.compile("ダウンロード")).click()
    assert awaited.value.suggested_filename == "kokyaku-20261121.zip"
    page.get_by_label(re.compile("友だちを探す")).fill("さくら")
    page.get_by_role("button", name="探す").click()
    page.get_by_role("link", name="佐藤 桜").click()
    page.wait_for_url(re.compile("/erase/"))
    page.get_by_label(re.compile("確認のため")).fill("佐藤")
    page.get_by_role("button", name="1人の個人情報を消去する").click()
    expect(page.get_by_text("名前が違います。")).to_be_visible()
    page.get_by_label(re.compile("確認のため")).fill("佐藤 桜")
    page.get_by_role("button", name="1人の個人情報を消去する").click()
    expect(page.get_by_text("個人情報を消去しました。購入4件は")).to_be_visible()
    with services.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Friend)) == 2
        assert session.scalar(select(func.count()).where(Purchase.friend_id.is_(None))) == 4
        assert session.scalar(select(func.count()).where(FriendTag.friend_id == 2)) == 0

"""A shop owner uploads a picture beside its field, sees it in the preview, and on the phone it was sent to as a test."""

import re
from collections.abc import Generator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select, update

from bot import operators
from bot.models import Operator, Role
from segments.db import Database
from segments.models import Friend
from tests.bot.browsing import PASSWORD
from tests.bot.photographs import a_photograph
from tests.browser.pages import PHONE, fits, log_in, needs_chromium, watched_page
from tests.fakes.clock import FakeClock
from tests.journeys.world import World, a_world

pytestmark = needs_chromium

NEW, LIST = "/console/messages/new", "/console/pictures/"


@dataclass
class Shop:
    """The owner's page, the phone of the owner as a friend, and the world that both are in."""

    beside: Executor
    """Where the world lives: the browser keeps an event loop in the test's own thread, which the engine does not like."""
    world: World
    desk: Page
    phone: Page
    friend: str

    def settle(self) -> None:
        """Let everything that was begun come to rest."""
        self.beside.submit(self.world.settle).result()


@pytest.fixture
def shop(browser: Browser, sqlite: Database, clock: FakeClock, tmp_path: Path) -> Generator[Shop]:
    with ThreadPoolExecutor(1, "world") as beside:
        opening = a_world(sqlite, clock, tmp_path)
        world = beside.submit(opening.__enter__).result()
        try:
            friend = world.line.add_friend("花子", follow=True)
            beside.submit(world.settle).result()
            _make_owner(world, friend)
            with (
                watched_page(browser, viewport=PHONE, base_url=world.address) as desk,
                watched_page(browser, viewport=PHONE) as phone,
            ):
                yield Shop(beside, world, desk, phone, friend)
        finally:
            beside.submit(opening.__exit__, None, None, None).result()


def _make_owner(world: World, friend: str) -> None:
    """Let hanako own the shop, with her own LINE to send tests to."""
    with world.database.begin() as session:
        operators.create(session, "hanako", "花子", Role.OWNER, PASSWORD, world.clock.now())
        own = select(Friend.id).where(Friend.line_user_id == friend).scalar_subquery()
        session.execute(update(Operator).where(Operator.login == "hanako").values(friend_id=own))


def is_drawn(picture: Locator) -> bool:
    """Wait until a picture has come, and tell whether it can be seen."""
    expect(picture).to_have_attribute("src", re.compile(r"/p/[\w-]{32}/"))
    picture.scroll_into_view_if_needed()
    return picture.evaluate("async (image) => { await image.decode(); return image.clientWidth > 0; }")


def test_a_picture_goes_from_its_field_to_the_phone(shop: Shop, tmp_path: Path) -> None:
    photograph, broken = tmp_path / "夏の新作.jpg", tmp_path / "こわれた.jpg"
    photograph.write_bytes(a_photograph(1600, 1200))
    broken.write_bytes(photograph.read_bytes()[:900])
    desk = shop.desk
    log_in(desk, NEW)
    desk.goto(f"{NEW}?kind=image")
    desk.get_by_label("メッセージの名前").fill("夏のお知らせ")
    chooser = desk.get_by_label("画像のファイルを選ぶ")

    chooser.set_input_files(broken)
    expect(desk.get_by_text("壊れているか、途中で切れています")).to_be_visible()
    chooser.set_input_files(photograph)
    expect(desk.locator(".picture-chosen")).to_contain_text("夏の新作.jpg")
    expect(desk.get_by_text("壊れているか、途中で切れています")).to_be_hidden()
    assert is_drawn(desk.locator("#preview .lp-picture img"))

    desk.get_by_role("button", name="画像を外す").click()
    expect(desk.locator("#preview .lp-picture img")).to_have_class(re.compile("lp-none"))
    desk.get_by_role("button", name="アップロード済みの画像から選ぶ").click()
    desk.get_by_role("button", name="夏の新作.jpg").click()
    assert is_drawn(desk.locator("#preview .lp-picture img"))
    desk.get_by_role("button", name="保存する", exact=True).click()
    assert fits(desk, r"/console/messages/\d+")
    assert is_drawn(desk.locator(".lp-picture img"))

    desk.get_by_role("button", name="テスト送信する").click()
    expect(desk.get_by_text("テストを送信しました。")).to_be_visible()
    shop.settle()
    shop.phone.goto(f"{shop.world.line.url}/phone/{shop.friend}")
    assert is_drawn(shop.phone.locator(".theirs .picture img"))

    desk.goto(LIST)
    expect(desk.locator(".picture-card")).to_contain_text("夏のお知らせ")
    assert is_drawn(desk.locator(".picture-card img"))
    assert fits(desk, LIST)
    desk.get_by_role("link", name="夏の新作.jpg").click()
    assert fits(desk, rf"{LIST}\d+")
    expect(desk.get_by_text("使われているため、削除できません。")).to_be_visible()

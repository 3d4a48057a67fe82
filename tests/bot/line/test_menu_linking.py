"""Menus per rung and tag: published, linked as friends move, replaced, taken back, whatever goes wrong between."""

import pytest
from sqlalchemy import select

from bot.line import menu_designs, menu_linking, menu_picture, menu_targets, richmenus
from bot.line.menu_areas import Area, Does
from bot.line.menu_designs import Draft
from bot.line.menu_layouts import LAYOUTS, TALL, WIDTH
from bot.line.menu_picture import PALETTES
from bot.models import MenuLink, RetiredMenu, RichMenu
from scheduler.gateway import GatewayError, RefusedByLine, UncertainGatewayError
from scheduler.jobs import Job
from segments.db import Database
from segments.errors import Invalid, NotFound
from segments.models import Facts, FriendTag, StageChange, Tag
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue

REGULARS, TRIERS = "stage:regular", "stage:trial"


class Shop:
    """A shop with its menus."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        self.database, self.clock = database, clock
        self.gateway, self.queue = FakeGateway(), FakeQueue()
        richmenus.ensure_default_menu(database, self.gateway, clock.now())

    def design(self, name: str = "常連さま", layout: str = "large4", **more: str) -> int:
        areas = tuple(
            Area(f"ボタン{number}", "star", Does.FUNCTION, "coupons")
            for number in range(len(LAYOUTS[layout].cells))
        )
        draft = Draft(name, layout, "black", more.get("bar", "メニュー"), opens=True, areas=areas)
        with self.database.begin() as session:
            return menu_designs.save(session, None, draft, "花子", self.clock.now()).id

    def friend(self, stage: str) -> tuple[int, str]:
        with self.database.begin() as session:
            friend = a_friend(session, facts={"stage": stage})
            return friend.id, str(friend.line_user_id)

    def publish(self, design: int, key: str) -> str:
        return richmenus.publish(self.database, self.gateway, self.queue, design, key, self.clock.now())

    def moves(self, friend_id: int, stage: str) -> None:
        with self.database.begin() as session:
            session.get_one(Facts, friend_id).stage = stage
            session.add(StageChange(friend_id=friend_id, to_stage=stage, reason="often", at=A_SATURDAY))

    def work(self) -> None:
        """Look at what moved, then run the jobs, as the tick and the worker do."""
        with self.database.begin() as session:
            menu_linking.notice(session, self.queue, self.clock.now())
        self.queue.run({Job.LINK_MENUS: self._link})

    def _link(self, since: object) -> None:
        number = int(str(since)) if since is not None else None
        menu_linking.link_due(self.database, self.gateway, self.clock, number)


@pytest.fixture
def shop(database: Database, clock: FakeClock) -> Shop:
    return Shop(database, clock)


def test_friends_of_a_rung_see_its_menu_and_all_others_the_default(shop: Shop) -> None:
    (_one, regular), (_two, other) = shop.friend("regular"), shop.friend("trial")
    menu = shop.publish(shop.design(), REGULARS)
    shop.work()
    assert shop.gateway.menu_of == {regular: menu}
    assert other not in shop.gateway.menu_of


def test_a_friend_who_moves_gets_the_other_menu_and_only_they_are_told_of(shop: Shop) -> None:
    for _ in range(3):
        shop.friend("regular")
    mover, line_id = shop.friend("trial")
    regulars, triers = shop.publish(shop.design(), REGULARS), shop.publish(shop.design("お試し"), TRIERS)
    shop.work()
    assert shop.gateway.menu_of[line_id] == triers
    calls = len(shop.gateway.calls)
    shop.moves(mover, "regular")
    shop.work()
    assert shop.gateway.menu_of[line_id] == regulars
    assert shop.gateway.calls[calls:] == [("richmenu_bulk_link", (regulars, [line_id]))]
    shop.moves(mover, "exit")
    shop.work()
    assert line_id not in shop.gateway.menu_of


def test_without_moves_nothing_is_looked_at(shop: Shop) -> None:
    shop.publish(shop.design(), REGULARS)
    shop.work()
    calls = len(shop.gateway.calls)
    shop.work()
    assert len(shop.gateway.calls) == calls


def test_a_tag_goes_before_the_rung_and_its_end_is_noticed(shop: Shop) -> None:
    friend_id, line_id = shop.friend("regular")
    with shop.database.begin() as session:
        tag = Tag(name="VIP", created_at=A_SATURDAY)
        session.add(tag)
        session.flush()
        session.add(FriendTag(friend_id=friend_id, tag_id=tag.id, set_at=A_SATURDAY, set_by="operator:1"))
        key = f"tag:{tag.id}"
    regulars, vips = shop.publish(shop.design(), REGULARS), shop.publish(shop.design("VIP"), key)
    shop.work()
    assert shop.gateway.menu_of[line_id] == vips
    with shop.database.begin() as session:
        session.delete(session.scalars(select(FriendTag)).one())
        menu_linking.look_again(session, shop.queue, A_SATURDAY)
    shop.work()
    assert shop.gateway.menu_of[line_id] == regulars


def test_the_old_menu_stays_until_its_friends_have_the_new_one(shop: Shop) -> None:
    _id, line_id = shop.friend("regular")
    first = shop.publish(shop.design(), REGULARS)
    shop.work()
    second = shop.publish(shop.design("新しい"), REGULARS)
    assert first in shop.gateway.menus
    shop.gateway.fail("richmenu_bulk_link", UncertainGatewayError("timed out"))
    with pytest.raises(GatewayError):
        shop.work()
    assert shop.gateway.menu_of[line_id] == first
    assert first in shop.gateway.menus
    shop.work()
    assert shop.gateway.menu_of[line_id] == second
    assert first not in shop.gateway.menus
    with shop.database.reading() as session:
        assert session.scalars(select(RetiredMenu)).all() == []


def test_more_friends_than_one_request_takes_and_a_job_that_runs_twice(shop: Shop) -> None:
    with shop.database.begin() as session:
        for _ in range(501):
            a_friend(session, facts={"stage": "regular"})
    shop.publish(shop.design(), REGULARS)
    shop.work()
    assert len(shop.gateway.menu_of) == 501
    linking = [call for call in shop.gateway.calls if call[0] == "richmenu_bulk_link"]
    assert [len(given[1]) for _name, given in linking] == [500, 1]
    assert menu_linking.link_due(shop.database, shop.gateway, shop.clock, None) == 0


def test_one_whom_line_refuses_holds_up_nobody_and_is_not_asked_for_again(shop: Shop) -> None:
    (_a, first), (_b, second), (_c, third) = (shop.friend("regular") for _ in range(3))
    menu = shop.publish(shop.design(), REGULARS)
    shop.gateway.fail("richmenu_bulk_link", RefusedByLine("one of them is unknown", status=400), times=2)
    shop.work()
    told = {friend for friend, shown in shop.gateway.menu_of.items() if shown == menu}
    assert told == {second, third}
    with shop.database.reading() as session:
        assert session.scalars(select(MenuLink.refused)).all().count(True) == 1
    calls = len(shop.gateway.calls)
    assert menu_linking.link_due(shop.database, shop.gateway, shop.clock, None) == 0
    assert len(shop.gateway.calls) == calls
    assert first not in shop.gateway.menu_of


def test_a_friend_who_comes_back_from_a_block_is_linked_again(shop: Shop) -> None:
    friend_id, line_id = shop.friend("regular")
    menu = shop.publish(shop.design(), REGULARS)
    shop.work()
    shop.gateway.menu_of.clear()
    with shop.database.begin() as session:
        menu_linking.forget(session, [friend_id], A_SATURDAY)
        menu_linking.look_again(session, shop.queue, A_SATURDAY)
    shop.work()
    assert shop.gateway.menu_of == {line_id: menu}


def test_a_menu_for_everybody_stays_until_it_is_taken_back(shop: Shop) -> None:
    own = shop.publish(shop.design(), menu_targets.DEFAULT)
    shop.work()
    assert list(shop.gateway.menus) == [own] == [shop.gateway.default_menu]
    assert richmenus.ensure_default_menu(shop.database, shop.gateway, A_SATURDAY) == own
    richmenus.take_back(shop.database, shop.gateway, shop.queue, menu_targets.DEFAULT, A_SATURDAY)
    shop.work()
    (left,) = shop.gateway.menus
    assert left == shop.gateway.default_menu != own
    with shop.database.reading() as session:
        assert session.scalars(select(RichMenu.design_id)).all() == [None]


def test_a_menu_taken_back_leaves_its_friends_to_the_default(shop: Shop) -> None:
    shop.friend("regular")
    menu = shop.publish(shop.design(), REGULARS)
    shop.work()
    richmenus.take_back(shop.database, shop.gateway, shop.queue, REGULARS, A_SATURDAY)
    shop.work()
    assert shop.gateway.menu_of == {}
    assert menu not in shop.gateway.menus
    with pytest.raises(NotFound, match="menu_not_shown"):
        richmenus.take_back(shop.database, shop.gateway, shop.queue, REGULARS, A_SATURDAY)


@pytest.mark.parametrize("endpoint", ["richmenu_create", "richmenu_upload", "richmenu_default"])
def test_when_line_fails_everything_is_as_it_was_and_trying_again_leaves_no_second(
    shop: Shop, endpoint: str
) -> None:
    shipped, design = shop.gateway.default_menu, shop.design()
    shop.gateway.fail(endpoint, UncertainGatewayError("timed out"))
    with pytest.raises(GatewayError):
        shop.publish(design, menu_targets.DEFAULT)
    assert shop.gateway.default_menu == shipped
    own = shop.publish(design, menu_targets.DEFAULT)
    shop.work()
    assert list(shop.gateway.menus) == [own]


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_every_layout_fills_its_picture_and_is_small_enough_for_line(layout: str) -> None:
    found = LAYOUTS[layout]
    assert sum(cell.width * cell.height for cell in found.cells) == WIDTH * found.height
    areas = [Area("鬱蒼とした森のクーポンとお知らせを見る", "gift", Does.FUNCTION, "coupons")] * len(
        found.cells
    )
    image = menu_picture.drawn(found, areas, PALETTES["cream"])
    assert menu_picture.checked(image, found) == "image/png"


def test_every_palette_can_be_read() -> None:
    for palette in PALETTES.values():
        for paper in (palette.paper, palette.paper_beside):
            dark, light = sorted((_brightness(paper), _brightness(palette.ink)))
            assert (light + 0.05) / (dark + 0.05) >= 4.5


def _brightness(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x89PNG\r\n\x1a\nnot really", "menu_picture_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "menu_picture_type"),
        (b"\xff\xd8\xff" + b"\0" * 1024 * 1024, "menu_picture_too_big"),
    ],
)
def test_a_picture_that_line_would_refuse_is_refused_before(content: bytes, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        menu_picture.checked(content, LAYOUTS["large6"])


def test_a_picture_of_another_size_or_cut_off_is_refused() -> None:
    small = menu_picture.drawn(
        LAYOUTS["compact1"], [Area("一", "none", Does.FUNCTION, "menu")], PALETTES["white"]
    )
    with pytest.raises(Invalid, match="menu_picture_size") as refused:
        menu_picture.checked(small, LAYOUTS["large6"])
    assert refused.value.params["height"] == TALL
    with pytest.raises(Invalid, match="menu_picture_type"):
        menu_picture.checked(small[: len(small) // 2], LAYOUTS["compact1"])

"""The default rich menu: made once, replaced when it changes, shown to everyone."""

from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from sqlalchemy import select

from bot.line.gateway import LineGateway
from bot.line.handlers.asked import Action
from bot.line.richmenus import MenuDesign, default_design, ensure_default_menu
from bot.models import RichMenu
from bot.simulator.server import RunningSimulator
from scheduler.gateway import UncertainGatewayError
from segments.db import Database
from tests.fakes.clock import A_SATURDAY
from tests.fakes.gateway import FakeGateway
from tests.fakes.simulator import SimulatorClient


def ensure(database: Database, gateway: FakeGateway | LineGateway, design: MenuDesign | None = None) -> str:
    return ensure_default_menu(database, gateway, A_SATURDAY, design)


def test_the_picture_is_what_line_takes():
    image = default_design().image
    assert image.startswith(b"\x89PNG")
    assert (int.from_bytes(image[16:20]), int.from_bytes(image[20:24])) == (2500, 1686)
    assert len(image) <= 1024 * 1024


def test_every_area_is_inside_and_means_something():
    areas = default_design().areas["areas"]
    assert len(areas) == 6
    assert sum(area["bounds"]["width"] * area["bounds"]["height"] for area in areas) == 2500 * 1686
    assert {parse_qs(area["action"]["data"])["action"][0] for area in areas} <= set(Action)


def test_the_menu_is_made_once(sqlite: Database):
    gateway = FakeGateway()
    first = ensure(sqlite, gateway)
    calls = len(gateway.calls)
    assert ensure(sqlite, gateway) == first == gateway.default_menu
    assert len(gateway.calls) == calls


def test_a_changed_menu_replaces_the_old_one(sqlite: Database):
    gateway = FakeGateway()
    first = ensure(sqlite, gateway)
    changed = replace(default_design(), image=default_design().image + b"\0")
    second = ensure(sqlite, gateway, changed)
    assert first != second
    assert list(gateway.menus) == [second] == [gateway.default_menu]
    with sqlite.reading() as session:
        assert [row.fingerprint for row in session.scalars(select(RichMenu))] == [changed.fingerprint]


@pytest.mark.parametrize("endpoint", ["richmenu_upload", "richmenu_default"])
def test_a_failure_half_way_leaves_no_second_menu(sqlite: Database, endpoint: str):
    gateway = FakeGateway()
    gateway.fail(endpoint, UncertainGatewayError("timed out"))
    with pytest.raises(UncertainGatewayError):
        ensure(sqlite, gateway)
    menu = ensure(sqlite, gateway)
    assert list(gateway.menus) == [menu] == [gateway.default_menu]


def test_a_friend_sees_it_on_the_simulated_phone(
    sqlite: Database, gateway: LineGateway, line: SimulatorClient, simulator: RunningSimulator
):
    menu = ensure(sqlite, gateway)
    assert gateway.default_rich_menu() == menu
    friend = line.add_friend()
    tapped = line.tap(friend, "クーポン")
    assert tapped
    gateway.link_rich_menu(friend, menu)
    gateway.unlink_rich_menu(friend)

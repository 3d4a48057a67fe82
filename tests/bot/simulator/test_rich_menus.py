"""Rich menus: image first, then shown; to all, to one, in bulk, by alias."""

import pytest

from bot.simulator.pictures import png
from tests.bot.simulator import samples
from tests.bot.simulator.conftest import Wire
from tests.fakes.simulator import Json, SimulatorClient

PNG = {"Content-Type": "image/png"}


def make_menu(wire: Wire, *, picture: bool = True) -> str:
    menu_id = wire.call("POST", "/v2/bot/richmenu", samples.RICH_MENU).body["richMenuId"]
    if picture:
        assert wire.call("POST", f"/v2/bot/richmenu/{menu_id}/content", png(250, 84), PNG).status == 200
    return menu_id


def test_a_menu_without_image_cannot_be_shown(wire: Wire) -> None:
    menu_id = make_menu(wire, picture=False)
    answer = wire.call("POST", f"/v2/bot/user/all/richmenu/{menu_id}")
    assert (answer.status, answer.body["message"]) == (
        400,
        "must upload richmenu image before applying it to user",
    )


def test_an_image_cannot_be_replaced(wire: Wire) -> None:
    assert wire.call("POST", f"/v2/bot/richmenu/{make_menu(wire)}/content", png(250, 84), PNG).status == 400


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [(b"\x89PNG\r\n\x1a\n" + b"0" * 1024 * 1024, "image/png", 413), (b"GIF89a", "image/gif", 415), (b"no", "image/png", 415)],
    ids=["too large", "gif", "not a picture"],
)  # fmt: skip
def test_an_image_is_a_small_png_or_jpeg(wire: Wire, content: bytes, kind: str, status: int) -> None:
    menu_id = make_menu(wire, picture=False)
    answer = wire.call("POST", f"/v2/bot/richmenu/{menu_id}/content", content, {"Content-Type": kind})
    assert answer.status == status


@pytest.mark.parametrize(
    "change",
    [{"chatBarText": "長" * 15}, {"size": {"width": 2500, "height": 2500}}, {"areas": samples.RICH_MENU["areas"] * 11},
     {"areas": [{"bounds": {"x": 2000, "y": 0, "width": 600, "height": 10}, "action": samples.ASK}]}, {"name": ""}],
    ids=["long bar text", "square", "22 areas", "area outside", "no name"],
)  # fmt: skip
def test_a_faulty_menu_is_refused(wire: Wire, change: Json) -> None:
    assert wire.call("POST", "/v2/bot/richmenu/validate", {**samples.RICH_MENU, **change}).status == 400


def test_a_menu_of_ones_own_hides_the_default(wire: Wire, sim: SimulatorClient) -> None:
    friend, menu_id = sim.add_friend(), make_menu(wire)
    assert wire.call("GET", f"/v2/bot/user/{friend}/richmenu").body == {"message": "the user has no richmenu"}
    assert wire.call("POST", f"/v2/bot/user/{friend}/richmenu/{menu_id}").status == 200
    assert wire.call("GET", f"/v2/bot/user/{friend}/richmenu").body == {"richMenuId": menu_id}
    wire.call("DELETE", f"/v2/bot/user/{friend}/richmenu")
    assert wire.call("GET", f"/v2/bot/user/{friend}/richmenu").status == 404


def test_bulk_links_pass_over_those_who_blocked(wire: Wire, sim: SimulatorClient) -> None:
    friends, menu_id = sim.add_friends(3), make_menu(wire)
    sim.block(friends[0])
    answer = wire.call("POST", "/v2/bot/richmenu/bulk/link", {"richMenuId": menu_id, "userIds": friends})
    assert answer.status == 202
    linked = {each["userId"] for each in sim.friends()["friends"] if each["richMenuId"] == menu_id}
    assert linked == set(friends[1:])
    wire.call("POST", "/v2/bot/richmenu/bulk/unlink", {"userIds": friends})
    assert {each["richMenuId"] for each in sim.friends()["friends"]} == {None}


def test_bulk_link_of_an_unknown_menu_names_it(wire: Wire, sim: SimulatorClient) -> None:
    answer = wire.call(
        "POST", "/v2/bot/richmenu/bulk/link", {"richMenuId": "no", "userIds": sim.add_friends(1)}
    )
    assert answer.body["details"] == [{"message": "invalid richMenuId", "property": "richMenuId"}]


def test_a_batch_moves_everyone_from_one_menu_to_another(wire: Wire, sim: SimulatorClient) -> None:
    friends, old, new = sim.add_friends(2), make_menu(wire), make_menu(wire)
    wire.call("POST", "/v2/bot/richmenu/bulk/link", {"richMenuId": old, "userIds": friends})
    batch = wire.call(
        "POST", "/v2/bot/richmenu/batch", {"operations": [{"type": "link", "from": old, "to": new}]}
    )
    assert {each["richMenuId"] for each in sim.friends()["friends"]} == {new}
    asked = f"/v2/bot/richmenu/progress/batch?requestId={batch.headers['x-line-request-id']}"
    assert wire.call("GET", asked).body["phase"] == "succeeded"


def test_a_deleted_menu_is_gone_everywhere(wire: Wire, sim: SimulatorClient) -> None:
    friend, menu_id = sim.add_friend(), make_menu(wire)
    wire.call("POST", f"/v2/bot/user/all/richmenu/{menu_id}")
    wire.call("POST", f"/v2/bot/user/{friend}/richmenu/{menu_id}")
    wire.call("DELETE", f"/v2/bot/richmenu/{menu_id}")
    assert wire.call("GET", "/v2/bot/user/all/richmenu").body == {"message": "no default richmenu"}
    assert wire.call("GET", f"/v2/bot/user/{friend}/richmenu").status == 404


def test_aliases_are_made_moved_and_dropped(wire: Wire) -> None:
    first, second = make_menu(wire), make_menu(wire)
    named = {"richMenuAliasId": "tab-a", "richMenuId": first}
    assert wire.call("POST", "/v2/bot/richmenu/alias", named).status == 200
    assert wire.call("POST", "/v2/bot/richmenu/alias", named).status == 400
    wire.call("POST", "/v2/bot/richmenu/alias/tab-a", {"richMenuId": second})
    assert wire.call("GET", "/v2/bot/richmenu/alias/list").body["aliases"] == [
        {**named, "richMenuId": second}
    ]
    wire.call("DELETE", "/v2/bot/richmenu/alias/tab-a")
    assert wire.call("GET", "/v2/bot/richmenu/alias/tab-a").status == 404


def test_a_switch_shows_the_menu_behind_the_alias(wire: Wire, sim: SimulatorClient) -> None:
    friend, menu_id = sim.add_friend(), make_menu(wire)
    wire.call("POST", "/v2/bot/richmenu/alias", {"richMenuAliasId": "tab-b", "richMenuId": menu_id})
    sim.act(friend, "tap", action={"type": "richmenuswitch", "richMenuAliasId": "tab-b", "data": "to-b"})
    event = sim.webhooks()[-1]["event"]
    assert event["postback"]["params"] == {"newRichMenuAliasId": "tab-b", "status": "SUCCESS"}
    assert wire.call("GET", f"/v2/bot/user/{friend}/richmenu").body == {"richMenuId": menu_id}

"""The simulator's own controls: people, taps, counts, clock, reset, and the state that survives a restart."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.simulator.config import SimulatorConfig
from bot.simulator.server import start
from tests.bot.simulator import samples
from tests.bot.simulator.conftest import TOKEN, Wire, text
from tests.fakes.simulator import SimulatorClient, SimulatorRefusedError

ROOT = Path(__file__).parents[3]


def test_the_same_seed_makes_the_same_people(sim: SimulatorClient) -> None:
    first = sim.add_friends(3)
    sim.reset()
    assert sim.add_friends(3) == first


def test_people_of_another_line_keep_their_ids_and_each_comes_once(sim: SimulatorClient, wire: Wire) -> None:
    ids = [f"U{number:032x}" for number in range(2)]
    assert sim.add_friends(ids=ids) == ids
    assert wire.push(ids[1], text()).status == 200
    with pytest.raises(SimulatorRefusedError):
        sim.add_friends(ids=ids[:1])


def test_twenty_thousand_friends_are_made_and_counted(sim: SimulatorClient, wire: Wire) -> None:
    sim.add_friends(20_000)
    assert wire.call("POST", "/v2/bot/message/broadcast", {"messages": [text()]}).status == 200
    counts = sim.counts(friends=False)
    assert (counts["delivered"], counts["friends_reached"], counts["duplicates"]) == (20_000, 20_000, 0)
    assert "friends" not in counts


def test_the_same_body_twice_is_a_duplicate(wire: Wire, sim: SimulatorClient) -> None:
    friends = sim.add_friends(2)
    wire.multicast(friends, text("同じ"))
    wire.push(friends[0], text("同じ"))
    wire.push(friends[0], text("違う"))
    counts = sim.counts()
    assert counts["duplicates"] == 1
    assert counts["friends"] == {friends[0]: 3, friends[1]: 1}
    assert sorted(counts["bodies"].values()) == [1, 3]


def test_messages_show_both_sides_in_order(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    sim.text(friend, "問い")
    wire.push(friend, text("答え"))
    shown = [(entry["direction"], entry["message"]["text"]) for entry in sim.messages(friend)]
    assert shown == [("in", "問い"), ("out", "答え")]


def test_tapping_a_button_by_its_label_posts_back(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    wire.push(friend, samples.FLEX)
    sim.tap(friend, "購入する")
    event = sim.webhooks()[-1]["event"]
    assert (event["type"], event["postback"]) == ("postback", {"data": "buy=1"})
    assert sim.messages(friend)[-1]["message"]["text"] == "購入します"


def test_tapping_a_message_action_writes(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    wire.push(friend, samples.CONFIRM)
    sim.tap(friend, "質問する")
    assert sim.webhooks()[-1]["event"]["message"]["text"] == "質問があります"


def test_tapping_a_link_tells_where_it_leads(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    wire.push(friend, samples.BUTTONS)
    assert sim.tap(friend, "お店を見る") == {"open": "https://example.com/shop"}
    assert sim.webhooks() == []


def test_a_prefilled_chat_link_fills_the_box(sim: SimulatorClient) -> None:
    uri = "https://line.me/R/oaMessage/%40kokyaku-sim/?%E7%B4%B9%E4%BB%8B%20ABC"
    assert sim.act(sim.add_friend(), "tap", action={"type": "uri", "uri": uri}) == {"fill": "紹介 ABC"}


def test_a_picked_date_comes_with_the_postback(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    wire.push(friend, samples.BUTTONS)
    sim.tap(friend, "日を選ぶ", date="2026-08-01")
    assert sim.webhooks()[-1]["event"]["postback"] == {"data": "day", "params": {"date": "2026-08-01"}}


def test_a_label_nobody_sent_cannot_be_tapped(sim: SimulatorClient) -> None:
    with pytest.raises(SimulatorRefusedError):
        sim.tap(sim.add_friend(), "どこにもない")


def test_someone_who_blocked_cannot_write(sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    sim.block(friend)
    with pytest.raises(SimulatorRefusedError):
        sim.text(friend, "届かない")


def test_a_picture_can_be_fetched_until_it_is_unsent(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    sim.act(friend, "image")
    message_id = sim.messages(friend)[0]["id"]
    assert wire.call("GET", f"/v2/bot/message/{message_id}/content").body.startswith(b"\x89PNG")
    sim.act(friend, "unsend", messageId=message_id)
    assert wire.call("GET", f"/v2/bot/message/{message_id}/content").status == 404
    assert "text" not in sim.messages(friend)[0]["message"]


def test_the_clock_moves_stands_and_goes_back(sim: SimulatorClient) -> None:
    assert sim.clock(now="2026-07-31T15:00:00Z", frozen=True)["now"] == "2026-07-31T15:00:00.000Z"
    assert sim.clock(advance_seconds=90)["now"] == "2026-07-31T15:01:30.000Z"
    assert sim.clock(frozen=False)["frozen"] is False
    assert sim.clock(offset_seconds=0)["offset_seconds"] == 0


def test_an_instant_without_a_zone_is_refused(sim: SimulatorClient) -> None:
    with pytest.raises(SimulatorRefusedError):
        sim.clock(now="2026-07-31T15:00:00")


def test_a_page_of_another_site_cannot_give_orders(wire: Wire) -> None:
    assert wire.call("POST", "/sim/reset", {}, {"Origin": "https://evil.example"}).status == 403


def test_a_restarted_simulator_remembers(tmp_path: Path) -> None:
    config = SimulatorConfig(state_file=tmp_path / "sim.db")
    with start(config) as first:
        sim, wire = SimulatorClient(first.url), Wire(first.url)
        friend = sim.add_friend()
        sim.quota(value=10)
        sim.text(friend, "こんにちは")
        key = "00000000-0000-0000-0000-000000000001"
        wire.push(friend, text("やあ"), key=key)
        menu = wire.call("POST", "/v2/bot/richmenu", samples.RICH_MENU).body["richMenuId"]
    with start(config) as second:
        sim, wire = SimulatorClient(second.url), Wire(second.url)
        assert sim.texts(friend) == ["やあ"]
        assert sim.counts()["quota"] == {"limit": 10, "used": 1}
        assert sim.counts()["requests"]["push"] == {"200": 1}
        assert wire.push(friend, text("やあ"), key=key).status == 409
        assert wire.call("GET", f"/v2/bot/richmenu/{menu}").status == 200
        assert sim.add_friend() != friend


def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "bot.simulator",
        "--port",
        "0",
        "--data",
        str(tmp_path / "s.db"),
        "--token",
        TOKEN,
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        SimulatorClient(url).add_friend()
        assert Wire(url).call("GET", "/v2/bot/info").status == 200
        process.terminate()
        assert process.wait(10) == 0

"""A retry key is accepted once in 24 hours, and a refused request does not burn it."""

import uuid

import pytest

from tests.bot.simulator.conftest import Wire, text
from tests.fakes.simulator import SimulatorClient

KEY = str(uuid.UUID(int=7))


def test_the_same_key_is_accepted_once(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    first = wire.push(friend, text(), key=KEY)
    again = wire.push(friend, text(), key=KEY)
    assert again.status == 409
    assert again.body == {
        "message": "The retry key is already accepted",
        "sentMessages": first.body["sentMessages"],
    }
    assert again.headers["x-line-accepted-request-id"] == first.headers["x-line-request-id"]
    assert again.headers["x-line-request-id"] != first.headers["x-line-request-id"]
    assert sim.counts()["duplicates"] == 0


def test_a_repeated_multicast_says_nothing_of_its_messages(wire: Wire, sim: SimulatorClient) -> None:
    friends = sim.add_friends(2)
    wire.multicast(friends, text(), key=KEY)
    assert wire.multicast(friends, text(), key=KEY).body == {"message": "The retry key is already accepted"}


def test_after_24_hours_the_same_key_sends_again(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    sim.clock(frozen=True)
    wire.push(friend, text(), key=KEY)
    sim.clock(advance_seconds=24 * 3600 - 1)
    assert wire.push(friend, text(), key=KEY).status == 409
    sim.clock(advance_seconds=1)
    assert wire.push(friend, text(), key=KEY).status == 200
    assert sim.counts()["duplicates"] == 1


def test_another_body_under_an_accepted_key_is_noticed(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    wire.push(friend, text("一"), key=KEY)
    assert wire.push(friend, text("二"), key=KEY).status == 409
    assert sim.counts()["key_body_mismatch"] == 1


@pytest.mark.parametrize("key", ["1", "not-a-uuid", KEY.replace("-", "")])
def test_a_key_must_be_a_uuid(wire: Wire, sim: SimulatorClient, key: str) -> None:
    assert wire.push(sim.add_friend(), text(), key=key).status == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v2/bot/message/reply"),
        ("GET", "/v2/bot/info"),
        ("POST", "/v2/bot/message/validate/push"),
        ("GET", "/v2/bot/message/quota"),
    ],
)
def test_other_endpoints_take_no_key(wire: Wire, method: str, path: str) -> None:
    body = {"messages": [text()]} if method == "POST" else None
    assert wire.call(method, path, body, {"X-Line-Retry-Key": KEY}).status == 400


def test_a_refused_request_does_not_burn_its_key(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    sim.quota(value=0)
    assert wire.push(friend, text(), key=KEY).status == 429
    sim.quota(value=1)
    sim.faults(error_500=1)
    assert wire.push(friend, text(), key=KEY).status == 500
    assert wire.push(friend, text(), key=KEY).status == 200


def test_an_answer_lost_on_the_way_is_told_by_the_key(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    sim.faults(answer_lost=1)
    with pytest.raises(OSError, match=r"reset|closed"):
        wire.push(friend, text(), key=KEY)
    assert wire.push(friend, text(), key=KEY).status == 409
    assert sim.texts(friend) == ["こんにちは"]

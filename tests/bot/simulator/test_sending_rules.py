"""Who may be sent to, what counts, what LINE answers when it refuses."""

import pytest

from tests.bot.simulator.conftest import Wire, text
from tests.fakes.simulator import SimulatorClient

UNKNOWN = "U" + "f" * 32


def test_a_wrong_token_is_refused(wire: Wire, sim: SimulatorClient) -> None:
    answer = wire.call("GET", "/v2/bot/info", headers={"Authorization": "Bearer nonsense"})
    assert answer.status == 401
    assert answer.body["message"].startswith("Authentication failed.")


def test_every_answer_has_a_request_id_of_its_own(wire: Wire) -> None:
    seen = {
        wire.call("GET", path).headers["x-line-request-id"]
        for path in ("/v2/bot/info", "/v2/bot/profile/x", "/no")
    }
    assert len(seen) == 3


def test_push_to_someone_the_channel_does_not_know_fails(wire: Wire) -> None:
    answer = wire.push(UNKNOWN, text())
    assert (answer.status, answer.body) == (400, {"message": "Failed to send messages"})


def test_a_stranger_who_never_wrote_is_unknown(wire: Wire, sim: SimulatorClient) -> None:
    [stranger] = sim.add_friends(1, stranger=True)
    assert wire.push(stranger, text()).body == {"message": "Failed to send messages"}
    assert wire.call("GET", f"/v2/bot/profile/{stranger}").status == 404


def test_push_to_what_is_no_user_id_is_an_invalid_property(wire: Wire) -> None:
    answer = wire.push("someone", text())
    assert answer.body["message"] == "The property, 'to', in the request body is invalid (line: -, column: -)"


def test_a_multicast_with_an_unknown_id_names_it_and_reaches_nobody(wire: Wire, sim: SimulatorClient) -> None:
    friends = sim.add_friends(2)
    answer = wire.multicast([friends[0], UNKNOWN, friends[1]], text())
    assert (answer.status, answer.body) == (
        400,
        {"message": "The property, to[1], in the request body is invalid"},
    )
    assert sim.counts()["delivered"] == 0


def test_a_multicast_of_501_is_refused(wire: Wire, sim: SimulatorClient) -> None:
    answer = wire.multicast(sim.add_friends(501), text())
    assert answer.body["details"] == [{"message": "Size must be between 1 and 500", "property": "to"}]


def test_a_friend_who_blocked_us_is_not_counted(wire: Wire, sim: SimulatorClient) -> None:
    kept, lost = sim.add_friends(2)
    sim.block(lost)
    assert wire.push(lost, text()).status == 200
    assert wire.multicast([kept, lost], text()).status == 200
    assert sim.counts()["quota"]["used"] == 1
    assert sim.received(lost) == []


def test_a_push_counts_once_whatever_the_number_of_messages(wire: Wire, sim: SimulatorClient) -> None:
    wire.push(sim.add_friend(), text("一"), text("二"), text("三"))
    assert sim.counts()["quota"]["used"] == 1


def test_a_stranger_who_wrote_can_be_pushed_for_seven_days(wire: Wire, sim: SimulatorClient) -> None:
    [stranger] = sim.add_friends(1, stranger=True)
    sim.text(stranger, "はじめまして")
    assert wire.push(stranger, text()).status == 200
    sim.clock(offset_seconds=7 * 24 * 3600 + 60)
    assert wire.push(stranger, text()).status == 200
    assert len(sim.received(stranger)) == 1


def test_the_monthly_limit_refuses_the_whole_multicast(wire: Wire, sim: SimulatorClient) -> None:
    friends = sim.add_friends(3)
    sim.quota(value=2)
    answer = wire.multicast(friends, text())
    assert (answer.status, answer.body) == (429, {"message": "You have reached your monthly limit."})
    assert wire.multicast(friends[:2], text()).status == 200
    assert wire.push(friends[2], text()).status == 429


def test_the_quota_begins_anew_with_the_month_in_japan(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    sim.quota(value=1)
    sim.clock(now="2026-07-31T23:59:59+09:00", frozen=True)
    assert [wire.push(friend, text()).status for _ in range(2)] == [200, 429]
    sim.clock(advance_seconds=1)
    assert wire.push(friend, text()).status == 200


def test_replies_are_free(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    sim.quota(value=0)
    sim.webhook(url="http://127.0.0.1:9/", active=False)
    sim.text(friend, "質問")
    token = sim.webhooks()[0]["event"]["replyToken"]
    answer = wire.call("POST", "/v2/bot/message/reply", {"replyToken": token, "messages": [text()]})
    assert answer.status == 200


def test_a_reply_token_works_once(wire: Wire, sim: SimulatorClient) -> None:
    sim.text(sim.add_friend(), "質問")
    body = {"replyToken": sim.webhooks()[0]["event"]["replyToken"], "messages": [text()]}
    assert wire.call("POST", "/v2/bot/message/reply", body).status == 200
    again = wire.call("POST", "/v2/bot/message/reply", body)
    assert (again.status, again.body) == (400, {"message": "Invalid reply token"})


def test_a_reply_token_dies_after_a_minute(wire: Wire, sim: SimulatorClient) -> None:
    sim.text(sim.add_friend(), "質問")
    sim.clock(advance_seconds=61)
    body = {"replyToken": sim.webhooks()[0]["event"]["replyToken"], "messages": [text()]}
    assert wire.call("POST", "/v2/bot/message/reply", body).body == {"message": "Invalid reply token"}


def test_a_refused_reply_does_not_use_its_token(wire: Wire, sim: SimulatorClient) -> None:
    sim.text(sim.add_friend(), "質問")
    token = sim.webhooks()[0]["event"]["replyToken"]
    assert (
        wire.call("POST", "/v2/bot/message/reply", {"replyToken": token, "messages": [text("")]}).status
        == 400
    )
    assert (
        wire.call("POST", "/v2/bot/message/reply", {"replyToken": token, "messages": [text()]}).status == 200
    )


def test_too_many_requests_in_a_second_are_refused(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    sim.rates(limits={"push": [2, 3600]})
    answers = [wire.push(friend, text()) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[2].body == {"message": "The API rate limit has been exceeded. Try again later."}
    sim.clock(advance_seconds=3600)
    assert wire.push(friend, text()).status == 200


def test_rate_limits_can_be_switched_off(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    sim.rates(limits={"push": [1, 3600]}, enabled=False)
    assert [wire.push(friend, text()).status for _ in range(3)] == [200, 200, 200]


def test_a_body_over_two_megabytes_is_refused(wire: Wire, sim: SimulatorClient) -> None:
    answer = wire.push(sim.add_friend(), text("あ" * 700_000))
    assert answer.status == 413


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[]", 400), (b'{"to": "U1"}', 400)],
    ids=["broken", "list", "no messages"],
)
def test_a_body_that_is_no_request_is_refused(wire: Wire, body: bytes, status: int) -> None:
    assert wire.call("POST", "/v2/bot/message/push", body).status == status


def test_a_body_of_another_type_is_refused(wire: Wire) -> None:
    assert wire.call("POST", "/v2/bot/message/push", b"to=U1", {"Content-Type": "text/plain"}).status == 415


def test_units_are_counted_by_name(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    for unit in ("summer_1", "summer_1", "summer_2"):
        assert wire.push(friend, text(), customAggregationUnits=[unit]).status == 200
    assert wire.call("GET", "/v2/bot/message/aggregation/info").body == {"numOfCustomAggregationUnits": 2}
    names = wire.call("GET", "/v2/bot/message/aggregation/list?limit=1").body
    assert names == {"customAggregationUnits": ["summer_1"], "next": "summer_1"}


def test_a_bad_unit_name_is_refused(wire: Wire, sim: SimulatorClient) -> None:
    answer = wire.push(sim.add_friend(), text(), customAggregationUnits=["夏"])
    assert answer.body["details"][0]["property"] == "customAggregationUnits[0]"

"""Webhooks arrive signed and in order; what is not answered comes again."""

# line-bot-sdk ships without types for its calls.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportGeneralTypeIssues=false

import base64
import hashlib
import hmac
import re

import pytest
from linebot.v3.webhook import WebhookParser
from linebot.v3.webhooks import (
    FollowEvent,
    MessageEvent,
    PostbackEvent,
    UnfollowEvent,
    UnsendEvent,
)

from tests.bot.simulator.conftest import SECRET, Bot, Wire, text
from tests.fakes.simulator import SimulatorClient


def test_the_official_parser_takes_every_event(sim: SimulatorClient, bot: Bot) -> None:
    friend = sim.add_friend()
    sim.block(friend)
    sim.follow(friend)
    sim.text(friend, "こんにちは")
    sim.act(friend, "sticker")
    sim.act(friend, "image")
    sim.postback(friend, "a=1")
    sim.act(friend, "unsend", messageId=sim.messages(friend)[0]["id"])
    sim.flush()
    parser = WebhookParser(SECRET)
    pairs = zip(bot.bodies, bot.signatures, strict=True)
    kinds = [type(event) for body, signed in pairs for event in parser.parse(body.decode(), signed)]
    assert kinds == [
        UnfollowEvent, FollowEvent, MessageEvent, MessageEvent, MessageEvent, PostbackEvent, UnsendEvent,
    ]  # fmt: skip


def test_the_signature_is_over_the_raw_body(sim: SimulatorClient, bot: Bot) -> None:
    sim.webhook(secret="another")
    sim.text(sim.add_friend(), "署名")
    sim.flush()
    expected = base64.b64encode(hmac.new(b"another", bot.bodies[0], hashlib.sha256).digest()).decode()
    assert bot.signatures == [expected]


def test_a_text_event_has_the_shape_of_the_specification(sim: SimulatorClient, bot: Bot) -> None:
    friend = sim.add_friend()
    sim.text(friend, "注文")
    sim.flush()
    [event] = bot.events
    assert event["source"] == {"type": "user", "userId": friend}
    assert (event["mode"], event["deliveryContext"]) == ("active", {"isRedelivery": False})
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}", event["webhookEventId"])
    assert event["message"]["quoteToken"]
    assert "emojis" not in event["message"]


def test_unblocking_is_told_apart_from_a_first_follow(sim: SimulatorClient, bot: Bot) -> None:
    [stranger] = sim.add_friends(1, stranger=True)
    sim.follow(stranger)
    sim.block(stranger)
    sim.follow(stranger)
    sim.flush()
    follows = [event["follow"]["isUnblocked"] for event in bot.events if event["type"] == "follow"]
    assert follows == [False, True]
    assert "replyToken" not in bot.events[1]


def test_new_friends_announce_themselves_when_asked(sim: SimulatorClient, bot: Bot) -> None:
    friends = sim.add_friends(3, follow=True)
    sim.add_friends(2)
    sim.flush()
    assert [event["source"]["userId"] for event in bot.events] == friends


def test_order_is_kept(sim: SimulatorClient, bot: Bot) -> None:
    friend = sim.add_friend()
    for number in range(20):
        sim.text(friend, str(number))
    sim.flush()
    assert [event["message"]["text"] for event in bot.events] == [str(number) for number in range(20)]


def test_without_redelivery_a_failure_is_final(sim: SimulatorClient, bot: Bot) -> None:
    bot.statuses.append(500)
    sim.text(sim.add_friend(), "一")
    sim.flush()
    [entry] = sim.webhooks()
    assert (entry["state"], entry["status"], entry["attempts"]) == ("failed", 500, 1)


def test_a_failed_webhook_comes_again_marked_as_redelivery(sim: SimulatorClient, bot: Bot) -> None:
    sim.webhook(redelivery=True)
    bot.statuses.extend([500, 503])
    sim.text(sim.add_friend(), "一")
    assert sim.flush()
    assert [event["deliveryContext"]["isRedelivery"] for event in bot.events] == [False, True, True]
    assert len({event["webhookEventId"] for event in bot.events}) == 1
    assert sim.webhooks()[0]["attempts"] == 3


def test_a_redelivered_reply_token_lives_a_minute_more(sim: SimulatorClient, bot: Bot, wire: Wire) -> None:
    sim.webhook(redelivery=True)
    bot.statuses.append(500)
    sim.clock(frozen=True)
    sim.text(sim.add_friend(), "一")
    sim.flush()
    token = bot.events[0]["replyToken"]
    sim.clock(advance_seconds=59)
    answer = wire.call("POST", "/v2/bot/message/reply", {"replyToken": token, "messages": [text()]})
    assert answer.status == 200


def test_a_bot_that_does_not_answer_in_time_has_failed(sim: SimulatorClient, bot: Bot) -> None:
    bot.silent.set()
    sim.text(sim.add_friend(), "一")
    sim.flush()
    [entry] = sim.webhooks()
    assert (entry["state"], entry["status"], entry["error"]) == ("failed", None, "request_timeout")
    assert entry["ms"] >= 500


def test_a_bot_that_is_down_has_failed(sim: SimulatorClient) -> None:
    sim.webhook(url="http://127.0.0.1:9/webhook", active=True)
    sim.text(sim.add_friend(), "一")
    sim.flush()
    assert sim.webhooks()[0]["error"].startswith("could_not_connect")


def test_duplicates_carry_the_same_event_id(sim: SimulatorClient, bot: Bot) -> None:
    sim.faults(duplicate_webhooks=1)
    sim.text(sim.add_friend(), "一")
    sim.text(sim.add_friend(), "二")
    sim.flush()
    assert [event["message"]["text"] for event in bot.events] == ["一", "一", "二"]
    assert bot.events[0]["webhookEventId"] == bot.events[1]["webhookEventId"]


def test_events_can_come_out_of_order(sim: SimulatorClient, bot: Bot) -> None:
    friend = sim.add_friend()
    sim.faults(reorder_webhooks=1)
    sim.text(friend, "先")
    sim.text(friend, "後")
    sim.flush()
    assert sorted(event["message"]["text"] for event in bot.events) == sorted(["先", "後"])
    assert bot.events[0]["timestamp"] >= bot.events[1]["timestamp"]


def test_one_post_can_carry_events_of_several_friends(sim: SimulatorClient, bot: Bot) -> None:
    sim.faults(batch_webhooks=10, late_webhooks_ms=60_000)
    for friend in sim.add_friends(4):
        sim.text(friend, "やあ")
    sim.flush()
    assert len(bot.bodies) == 1
    assert len({event["source"]["userId"] for event in bot.events}) == 4


def test_late_events_keep_the_time_they_happened(sim: SimulatorClient, bot: Bot) -> None:
    sim.faults(late_webhooks_ms=60_000)
    sim.text(sim.add_friend(), "遅れ")
    assert bot.events == []
    assert sim.webhooks()[0]["state"] == "pending"
    assert sim.flush()
    assert len(bot.events) == 1


def test_with_webhooks_off_nothing_is_sent(sim: SimulatorClient, bot: Bot) -> None:
    sim.webhook(active=False)
    sim.text(sim.add_friend(), "聞こえない")
    assert sim.flush()
    assert bot.events == []
    assert sim.webhooks()[0]["state"] == "off"


@pytest.mark.parametrize("act", ["join", "leave"])
def test_group_chats_are_announced(sim: SimulatorClient, bot: Bot, wire: Wire, act: str) -> None:
    group = "C" + "a" * 32
    wire.call("POST", f"/sim/groups/{group}/{act}", {})
    sim.flush()
    assert (bot.events[0]["type"], bot.events[0]["source"]) == (act, {"type": "group", "groupId": group})

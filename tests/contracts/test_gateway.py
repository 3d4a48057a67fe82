"""The contract of a MessageGateway: the fake and the real one behave alike."""

import json
from collections.abc import Generator
from pathlib import Path
from uuid import uuid4

import pytest

from bot.line.calls import CallRecorder
from bot.line.gateway import LineGateway
from bot.line.ports import Answer, ContentGateway, RichMenuGateway
from bot.line.richmenus import default_design
from bot.line.tokens import LongLivedToken
from bot.simulator.config import SimulatorConfig
from bot.simulator.server import start
from scheduler.gateway import (
    Accepted,
    EveryoneGateway,
    MessageObject,
    Profile,
    Push,
    QuotaExhausted,
    RateLimited,
    RefusedByLine,
    TemporaryGatewayError,
    TokenInvalid,
    ToMany,
    UncertainGatewayError,
)
from segments.clock import SystemClock
from segments.db import Database
from tests.contracts.gateway_worlds import FakeWorld, SimulatorWorld, World
from tests.databases import sqlite_copy


@pytest.fixture(params=["fake", "simulator"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[World]:
    """Return a platform; every test of the contract runs against both."""
    if request.param == "fake":
        yield FakeWorld()
        return
    with sqlite_copy(request.getfixturevalue("sqlite_file"), tmp_path) as database:
        made = simulator_world(database)
        yield made
        made.close()


def simulator_world(database: Database) -> SimulatorWorld:
    simulator = start(SimulatorConfig())
    gateway = LineGateway(
        base_url=simulator.url,
        data_base_url=simulator.url,
        tokens=LongLivedToken(SimulatorConfig().channel_access_tokens[0]),
        calls=CallRecorder(database),
        clock=SystemClock(),
    )
    return SimulatorWorld(simulator, gateway)


def a_text(text: str = "こんにちは") -> tuple[MessageObject, ...]:
    return ({"type": "text", "text": text},)


def a_push(to: str, text: str = "こんにちは") -> Push:
    return Push(delivery_id=1, to=to, text=json.dumps(list(a_text(text))), retry_key=uuid4())


def test_pushes_reach_each_friend_and_answer_in_order(world: World):
    friends = [world.a_friend() for _ in range(5)]
    stranger = world.a_stranger_to_line()
    outcomes = world.gateway.push_many(
        [a_push(to, f"{to}さんへ") for to in [*friends[:3], stranger, *friends[3:]]]
    )
    assert [type(outcome) for outcome in outcomes] == [Accepted] * 3 + [RefusedByLine] + [Accepted] * 2
    assert [world.sent_to(to) for to in friends] == [[f"{to}さんへ"] for to in friends]


def test_no_pushes_are_no_calls(world: World):
    assert world.gateway.push_many([]) == []


def test_a_push_sent_twice_arrives_once_and_names_the_first_call(world: World):
    push = a_push(world.a_friend())
    first, second = (world.gateway.push_many([push])[0] for _ in range(2))
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert (first.accepted_request_id, second.accepted_request_id) == (None, first.request_id)
    assert second.request_id != first.request_id
    assert world.sent_to(push.to) == ["こんにちは"]


def test_a_lost_answer_is_uncertain_and_the_same_push_resolves_it(world: World):
    push = a_push(world.a_friend())
    world.trouble("answer_lost", "push")
    assert isinstance(world.gateway.push_many([push])[0], UncertainGatewayError)
    resolved = world.gateway.push_many([push])[0]
    assert isinstance(resolved, Accepted)
    assert resolved.accepted_request_id is not None
    assert world.sent_to(push.to) == ["こんにちは"]


@pytest.mark.parametrize(
    ("kind", "error"), [("error_500", TemporaryGatewayError), ("error_429", RateLimited)]
)
def test_a_failing_platform_is_temporary_and_took_nothing(world: World, kind: str, error: type[Exception]):
    push = a_push(world.a_friend())
    world.trouble(kind, "push")
    assert type(world.gateway.push_many([push])[0]) is error
    assert world.sent_to(push.to) == []
    assert isinstance(world.gateway.push_many([push])[0], Accepted)


def test_a_blocked_friend_is_accepted_and_gets_nothing(world: World):
    friend = world.a_friend()
    world.block(friend)
    assert isinstance(world.gateway.push_many([a_push(friend)])[0], Accepted)
    assert world.sent_to(friend) == []


def test_a_spent_quota_is_not_a_rate_limit(world: World):
    world.spend_quota()
    friend = world.a_friend()
    assert isinstance(world.gateway.push_many([a_push(friend)])[0], QuotaExhausted)
    with pytest.raises(QuotaExhausted):
        world.gateway.multicast([friend], a_text(), uuid4())
    quota = world.gateway.quota()
    assert (quota.limit, quota.used) == (1000, 1000)


def test_replies_are_free_even_with_the_quota_spent(world: World):
    friend = world.a_friend()
    token = world.reply_token(friend)
    world.spend_quota()
    assert isinstance(world.gateway.reply(token, a_text()), Accepted)


def test_a_spoilt_token_is_told_from_everything_else(world: World):
    friend = world.a_friend()
    token = world.reply_token(friend)
    world.spoil_token()
    assert isinstance(world.gateway.push_many([a_push(friend)])[0], TokenInvalid)
    with pytest.raises(TokenInvalid):
        world.gateway.multicast([friend], a_text(), uuid4())
    with pytest.raises(TokenInvalid):
        world.gateway.reply(token, a_text())
    with pytest.raises(TokenInvalid):
        world.gateway.quota()
    assert isinstance(world.gateway.profiles([friend])[0], TokenInvalid)


def test_a_multicast_reaches_all(world: World):
    friends = [world.a_friend() for _ in range(3)]
    key = uuid4()
    first = world.gateway.multicast(friends, a_text(), key)
    again = world.gateway.multicast(friends, a_text(), key)
    assert again.accepted_request_id == first.request_id
    assert [world.sent_to(to) for to in friends] == [["こんにちは"]] * 3


def test_of_multicasts_sent_together_each_has_its_own_answer(world: World):
    friends = [world.a_friend(), world.a_friend()]
    requests = [
        ToMany([friends[0]], a_text(), uuid4()),
        ToMany([friends[1], world.a_stranger_to_line()], a_text(), uuid4()),
    ]
    taken, refused = world.gateway.multicast_many(requests)
    assert isinstance(taken, Accepted)
    assert isinstance(refused, RefusedByLine)
    assert refused.recipient_index == 1
    assert world.gateway.multicast_many([]) == []


def test_a_multicast_with_an_unknown_id_reaches_nobody_and_names_its_place(world: World):
    friends = [world.a_friend(), world.a_stranger_to_line(), world.a_friend()]
    with pytest.raises(RefusedByLine) as refused:
        world.gateway.multicast(friends, a_text(), uuid4())
    assert refused.value.recipient_index == 1
    assert world.sent_to(friends[0]) == []


def _to_everyone(world: World) -> EveryoneGateway:
    assert isinstance(world.gateway, EveryoneGateway)
    return world.gateway


def test_a_broadcast_reaches_every_friend_and_the_same_key_is_taken_once(world: World):
    friends = [world.a_friend() for _ in range(3)]
    world.block(friends[2])
    key = uuid4()
    first = _to_everyone(world).broadcast(a_text(), key)
    again = _to_everyone(world).broadcast(a_text(), key)
    assert again.accepted_request_id == first.request_id
    assert [world.sent_to(to) for to in friends] == [["こんにちは"], ["こんにちは"], []]
    assert world.gateway.quota().used == 2


def test_a_broadcast_whose_answer_is_lost_is_resolved_by_its_key(world: World):
    friend, key = world.a_friend(), uuid4()
    world.trouble("answer_lost", "broadcast")
    with pytest.raises(UncertainGatewayError):
        _to_everyone(world).broadcast(a_text(), key)
    assert _to_everyone(world).broadcast(a_text(), key).accepted_request_id is not None
    assert world.sent_to(friend) == ["こんにちは"]


@pytest.mark.parametrize(
    ("kind", "error"), [("error_500", TemporaryGatewayError), ("error_429", RateLimited)]
)
def test_a_broadcast_that_failed_reached_nobody(world: World, kind: str, error: type[Exception]):
    friend = world.a_friend()
    world.trouble(kind, "broadcast")
    with pytest.raises(error):
        _to_everyone(world).broadcast(a_text(), uuid4())
    assert world.sent_to(friend) == []


def test_a_broadcast_beyond_the_quota_reaches_nobody(world: World):
    friend = world.a_friend()
    world.spend_quota()
    with pytest.raises(QuotaExhausted):
        _to_everyone(world).broadcast(a_text(), uuid4())
    assert world.sent_to(friend) == []


def test_a_reply_token_works_once(world: World):
    friend = world.a_friend()
    token = world.reply_token(friend)
    assert isinstance(world.gateway.reply(token, a_text()), Accepted)
    with pytest.raises(RefusedByLine):
        world.gateway.reply(token, a_text())
    assert world.sent_to(friend) == ["こんにちは"]


def test_replies_go_out_side_by_side_and_answer_in_order(world: World):
    friends = [world.a_friend() for _ in range(3)]
    answers = [Answer(world.reply_token(friend), a_text(friend)) for friend in friends]
    answers.insert(1, Answer("no-such-token", a_text()))
    outcomes = world.gateway.reply_many(answers)
    assert [type(outcome) for outcome in outcomes] == [Accepted, RefusedByLine, Accepted, Accepted]
    assert [world.sent_to(friend) for friend in friends] == [[friend] for friend in friends]


def test_a_lost_answer_to_a_reply_is_uncertain(world: World):
    friend = world.a_friend()
    token = world.reply_token(friend)
    world.trouble("answer_lost", "reply")
    with pytest.raises(UncertainGatewayError):
        world.gateway.reply(token, a_text())


def test_validation_says_what_is_wrong_and_where(world: World):
    world.gateway.validate("push", a_text())
    with pytest.raises(RefusedByLine) as refused:
        world.gateway.validate("push", a_text(""))
    assert refused.value.details[0][0] == "messages[0].text"


def test_a_profile_has_a_name_and_a_language(world: World):
    friend = world.a_friend()
    profile = world.gateway.profile(friend)
    assert profile.display_name
    assert profile.language == "ja"


def test_profiles_come_in_order_and_one_missing_spoils_none(world: World):
    friends = [world.a_friend(), world.a_stranger_to_line(), world.a_friend()]
    found = world.gateway.profiles(friends)
    assert [type(each) for each in found] == [Profile, RefusedByLine, Profile]


def test_many_friends_are_linked_to_a_menu_at_once_and_let_go_again(world: World) -> None:
    gateway = world.gateway
    assert isinstance(gateway, RichMenuGateway)
    friends = [world.a_friend() for _ in range(3)]
    design = default_design()
    menu = gateway.create_rich_menu({**design.areas, "name": design.name})
    with pytest.raises(RefusedByLine):
        gateway.bulk_link_rich_menu(menu, friends)
    gateway.upload_rich_menu_image(menu, design.image, "image/png")
    # Who is no friend is passed over without a word.
    gateway.bulk_link_rich_menu(menu, [*friends, world.a_stranger_to_line()])
    gateway.bulk_unlink_rich_menu(friends)


def test_the_picture_of_an_unknown_message_is_refused(world: World) -> None:
    assert isinstance(world.gateway, ContentGateway)
    with pytest.raises(RefusedByLine):
        world.gateway.content_preview("12345")

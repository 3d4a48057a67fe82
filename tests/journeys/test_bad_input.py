"""What goes wrong in a shop's life, played through real HTTP: nothing is lost, nothing is said twice, and it is told."""

import json
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from bot.line.check import check
from bot.models import InboundEvent, InboundState
from bot.simulator.config import SimulatorConfig
from bot.simulator.server import start as start_simulator
from scheduler import broadcast_progress, broadcasts, drafts
from scheduler.drafts import Draft
from scheduler.models import Attempt, BroadcastState, Delivery, DeliveryState
from segments.db import Database
from segments.models import ChatMessage, Direction, Purchase
from tests.bot.line.support import Chat, a_line_id, a_text, an_event
from tests.builders import a_friend, a_product
from tests.databases import SmallDisk
from tests.fakes.clock import FakeClock
from tests.journeys.test_friends_life import MORNING
from tests.journeys.world import World, a_world, a_world_on
from tests.processes import SECRET, TOKEN
from tests.waiting import wait_until

LONG = "長い文章です。" * 1_429
"""10,003 characters."""
ODD_NAMES = (
    "👨‍👩‍👧‍👦 家族",
    "\u200bゼロ\u200d幅\ufeff",
    "\u202eمرحبا بالعالم",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "{% raise %}",
    "%(name)s {0} $name",
    "'; DROP TABLE friends;--",
)


WRITTEN = select(ChatMessage.text).where(ChatMessage.direction == Direction.IN)


def written(chat: Chat) -> list[str]:
    with chat.database.reading() as session:
        return list(session.scalars(WRITTEN))


def count(world: World, table: Any) -> int:
    with world.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def deliveries(world: World) -> list[Delivery]:
    with world.database.reading() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def body_of(*events: Any) -> bytes:
    return json.dumps({"destination": "U0", "events": events}).encode()


def test_whatever_the_way_of_the_webhooks_each_is_answered_once(database: Database, tmp_path: Path) -> None:
    with a_world(database, FakeClock(MORNING), tmp_path) as world:
        world.line.faults(duplicate_webhooks=1.0, reorder_webhooks=0.5, batch_webhooks=3)
        friends = world.line.add_friends(names=ODD_NAMES, follow=True)
        for friend in friends:
            world.line.text(friend, "クーポン")
        world.line.faults()
        world.settle()
        for friend, name in zip(friends, ODD_NAMES, strict=True):
            said = world.line.texts(friend)
            assert len(said) == 2, "a greeting and an answer, in the order in which they came"
            assert sum("友だち追加ありがとうございます" in text for text in said) == 1
            assert name in "\n".join(said)
        assert count(world, InboundEvent) == 2 * len(friends)
        assert {each.state for each in deliveries(world)} == {DeliveryState.ACCEPTED}


def test_any_words_are_kept_as_they_were_written(database: Database, tmp_path: Path) -> None:
    with a_world(database, FakeClock(MORNING), tmp_path) as world:
        friend = world.line.add_friend("佐藤 花子", follow=True)
        written = (*ODD_NAMES, LONG)
        for text in written:
            world.line.text(friend, text)
        world.settle()
        with world.database.reading() as session:
            kept = session.scalars(WRITTEN.order_by(ChatMessage.id)).all()
        assert list(kept) == list(written)
        assert not any("49" in text for text in world.line.texts(friend))


def test_a_reply_whose_answer_was_lost_is_uncertain_and_never_sent_again(
    sqlite: Database, tmp_path: Path
) -> None:
    with a_world(sqlite, FakeClock(MORNING), tmp_path) as world:
        world.line.faults(answer_lost=1, endpoints=["reply"])
        friend = world.line.add_friend("佐藤 花子", follow=True)
        world.settle()
        world.live(hours=1)
        assert len(world.line.texts(friend)) == 1
        assert deliveries(world)[0].state is DeliveryState.UNCERTAIN


def test_an_event_that_comes_too_late_is_handled_but_not_answered(sqlite: Database, tmp_path: Path) -> None:
    with a_world(sqlite, FakeClock(MORNING), tmp_path) as world:
        late, spent = world.line.add_friends(2)
        events = [
            an_event("follow", late, MORNING - timedelta(minutes=25), replyToken="a" * 32),
            an_event("follow", spent, MORNING, replyToken="b" * 32),
        ]
        assert world.post_webhook(body_of(*events)) == 200
        world.settle()
        assert world.friend(late).followed_at == MORNING - timedelta(minutes=25)
        assert (world.line.texts(late), world.line.texts(spent)) == ([], [])
        assert {each.state for each in deliveries(world)} == {DeliveryState.FAILED}
        assert "reply_token_expired" in {each.reason for each in deliveries(world)}


def test_one_post_with_events_of_many_loses_none_of_the_sound_ones(
    database: Database, tmp_path: Path
) -> None:
    with a_world(database, FakeClock(MORNING), tmp_path) as world:
        hana, taro, standing_by = world.line.add_friends(3)
        follows = [an_event("follow", each, MORNING) for each in (hana, taro)]
        odd: list[Any] = [
            "junk",
            5,
            None,
            {},
            {"type": "message", "source": {"type": "user", "userId": hana}, "message": None},
            {"type": "message", "source": "nobody", "timestamp": "yesterday"},
            an_event("levitation", taro, MORNING),
            an_event("follow", "U" + "x" * 200, MORNING),
            an_event("follow", standing_by, MORNING, mode="standby", replyToken="c" * 32),
            {"type": "join", "source": {"type": "group", "groupId": "C1"}, "webhookEventId": "g1"},
        ]
        body = body_of(follows[0], *odd, follows[1])
        assert [world.post_webhook(body) for _ in range(2)] == [200, 200]
        world.settle()
        for friend in (hana, taro, standing_by):
            assert world.friend(friend).followed_at == MORNING
        assert world.line.texts(standing_by) == []
        with world.database.reading() as session:
            states = set(session.scalars(select(InboundEvent.state)))
        assert states <= {InboundState.DONE, InboundState.IGNORED}
        assert count(world, InboundEvent) == 12


def test_a_wrong_secret_stores_nothing_and_the_check_names_it(sqlite: Database, tmp_path: Path) -> None:
    with a_world(sqlite, FakeClock(MORNING), tmp_path) as world:
        assert world.post_webhook(body_of(an_event("follow", a_line_id())), "another-secret") == 401
        world.line.webhook(secret="another-secret")
        world.line.add_friend(follow=True)
        assert world.line.flush()
        assert world.line.webhooks()[-1]["status"] == 401
        assert count(world, InboundEvent) == 0
        wrong = [each for each in check(world.services) if not each.ok]
        assert [each.subject for each in wrong] == ["webhook"]
        assert "LINE_CHANNEL_SECRET" in wrong[0].words("ja")
        assert "signature did not match" in wrong[0].words("en")


def test_orders_that_cannot_be_are_refused_over_http_and_change_nothing(
    sqlite: Database, tmp_path: Path
) -> None:
    order = {
        "order_id": "A-1",
        "bought_at": MORNING.isoformat(),
        "amount_yen": 980,
        "member_number": "M1",
        "items": [{"product_code": "TEA"}],
    }
    with a_world(sqlite, FakeClock(MORNING), tmp_path) as world:
        with sqlite.begin() as session:
            a_product(session, code="TEA")
        later = (MORNING + timedelta(days=1)).isoformat()
        told = [
            world.call("POST", "/api/v1/purchases", order | change)[1]["results"][0]
            for change in (
                {},
                {"amount_yen": -1},
                {"bought_at": later},
                {"items": [{"product_code": "GHOST"}]},
                {"amount_yen": 981},
                {"order_id": "A-\u0000"},
                {"order_id": "x" * 10_000},
            )
        ]
        codes = [each.get("code", each["result"]) for each in told]
        assert codes == [
            "created",
            "fields_invalid",
            "bought_in_future",
            "product_unknown",
            "order_differs",
            "fields_invalid",
            "fields_invalid",
        ]
        differs = told[4]["details"]
        assert (differs["stored"]["amount_yen"], differs["given"]["amount_yen"]) == (980, 981)
        assert all(each["message"] for each in told[1:])
        with sqlite.reading() as session:
            assert session.scalars(select(Purchase.amount_yen)).all() == [980]


def test_a_token_that_dies_during_a_broadcast_pauses_it_and_the_next_one_sends_to_everyone_once(
    sqlite: Database, tmp_path: Path
) -> None:
    config = SimulatorConfig(channel_secret=SECRET, channel_access_tokens=(TOKEN, "second-token"))
    with start_simulator(config) as line:
        with a_world_on(line.url, sqlite, FakeClock(MORNING), tmp_path) as world:
            friends = world.line.add_friends(1_200)
            number = _started(world, friends)
            wait_until(lambda: world.line.counts(friends=False)["delivered"] > 0)
            revoke(line.url, TOKEN)
            wait_until(lambda: _stands_still(world, number))
            progress = _progress(world, number)
            assert (progress.state, progress.state_reason) == (BroadcastState.PAUSED, "token_invalid")
            assert DeliveryState.FAILED not in progress.by_state
            assert sum(progress.by_state.values()) == 1_200
            with sqlite.reading() as session:
                refused = session.scalar(
                    select(func.count()).select_from(Attempt).where(Attempt.outcome == "token_invalid")
                )
            assert 0 < (refused or 0) <= 400, "four chunks side by side, a slice of each"
        with a_world_on(line.url, sqlite, FakeClock(MORNING), tmp_path, "second-token") as world:
            with sqlite.begin() as session:
                broadcasts.resume(session, world.services.queue, number, MORNING)
            wait_until(lambda: _progress(world, number).state is BroadcastState.DONE)
            assert _progress(world, number).by_state == {DeliveryState.ACCEPTED: 1_200}
            got = world.line.counts()["friends"]
            assert {got[each] for each in friends} == {1}


def _started(world: World, friends: list[str]) -> int:
    with world.database.begin() as session:
        for each in friends:
            a_friend(session, line_user_id=each)
        draft = Draft(
            name="秋",
            content={"ja": [{"type": "text", "text": "{{ name }}様、新茶です。"}]},
            condition={"is": "everyone"},
        )
        sale = drafts.create(session, draft, now=MORNING, by="test")
        broadcasts.schedule(session, world.services.queue, sale.id, None, MORNING)
        return sale.id


def _progress(world: World, number: int) -> broadcast_progress.Progress:
    with world.database.begin() as session:
        return broadcast_progress.progress(session, number)


def _stands_still(world: World, number: int) -> bool:
    progress = _progress(world, number)
    return progress.state is BroadcastState.PAUSED and DeliveryState.SENDING not in progress.by_state


def revoke(line_url: str, token: str) -> None:
    with urlopen(f"{line_url}/v2/oauth/revoke", urlencode({"access_token": token}).encode()) as answer:  # noqa: S310
        assert answer.status == 200


def test_on_a_full_disk_the_webhook_is_not_answered_with_200_and_line_delivers_it_again(
    sqlite: Database, tmp_path: Path
) -> None:
    disk = SmallDisk(sqlite)
    # Patient, because structlog's own console draws an error for seconds when a machine is busy.
    config = SimulatorConfig(
        channel_secret=SECRET,
        channel_access_tokens=(TOKEN,),
        webhook_timeout=30,
        redelivery=True,
        redelivery_delays=(60,),
    )
    with (
        start_simulator(config) as line,
        a_world_on(line.url, sqlite, FakeClock(MORNING), tmp_path) as world,
    ):
        friend = world.line.add_friend("佐藤 花子", follow=True)
        world.settle()
        stored = count(world, InboundEvent)
        disk.fill()
        both = body_of(a_text(friend, "短い文", MORNING), a_text(friend, LONG * 3, MORNING))
        assert world.post_webhook(both) == 500
        assert count(world, InboundEvent) == stored, "all of a request or nothing"
        world.line.text(friend, LONG)
        wait_until(lambda: world.line.webhooks()[-1]["attempts"] > 0)
        assert world.line.webhooks()[-1]["status"] == 500
        disk.make_room()
        world.settle()
        assert world.line.webhooks()[-1]["status"] == 200
        with world.database.reading() as session:
            assert session.scalars(WRITTEN).all() == [LONG]


def test_the_inbox_goes_on_when_there_is_room_again(sqlite: Database, clock: FakeClock) -> None:
    chat, friend = Chat(sqlite, clock), a_line_id()
    chat.follow(friend)
    chat.store(a_text(friend, LONG, clock.now()))
    disk = SmallDisk(sqlite)
    disk.fill()
    with suppress(DBAPIError):  # As the inbox's thread does, which waits and tries again.
        chat.inbox.run_once()
    assert written(chat) == []
    assert chat.gateway.sent_to(friend)[1:] == [], "no answer without a trace of it"
    disk.make_room()
    clock.advance(timedelta(seconds=5))
    chat.work()
    assert written(chat) == [LONG]
    assert {each.state for each in chat.rows(InboundEvent)} == {InboundState.DONE}


def test_what_is_no_webhook_is_400_even_when_it_is_signed(sqlite: Database, tmp_path: Path) -> None:
    bodies = [b"", b"{", b"[]", b'{"events": 5}', b"[" * 100_000, b"\xff\xfe", b'{"events": [NaN]}']
    with a_world(sqlite, FakeClock(MORNING), tmp_path) as world:
        assert [world.post_webhook(body) for body in bodies] == [400] * len(bodies)
        assert count(world, InboundEvent) == 0

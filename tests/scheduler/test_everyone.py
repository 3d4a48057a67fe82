"""LINE's own broadcast to all friends: only when everybody may get it, recorded friend by friend, never twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from scheduler import (
    broadcast_progress,
    broadcasts,
    chunks,
    drafts,
    everyone,
    kill_switch,
    meter,
    outcomes_of_many,
)
from scheduler.broadcast_progress import Progress
from scheduler.delivery import send_chunks
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.gateway import (
    NotTaken,
    QuotaExhausted,
    RefusedByLine,
    TemporaryGatewayError,
)
from scheduler.jobs import Job
from scheduler.ledger import Ledger
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Chunk,
    ChunkMode,
    ChunkState,
    Delivery,
    DeliveryState,
    Through,
)
from scheduler.plan import plan_broadcast
from segments.models import Facts, Friend
from tests.builders import a_friend, many_friends
from tests.fakes.clock import A_SATURDAY, FailingClock, FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue

Run = Callable[[], int]
HELLO = {"ja": [{"type": "text", "text": "年末年始のお休みのお知らせ"}]}
PERSONAL = {"ja": [{"type": "text", "text": "{{ name }}様"}]}
BOTH = {**HELLO, "en": [{"type": "text", "text": "Our holidays"}]}


class Shop:
    """Some friends, and a broadcast that asks for LINE's own way."""

    def __init__(self, dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run) -> None:
        self.dispatcher, self.gateway, self.run_jobs = dispatcher, gateway, run_jobs
        self.friends: list[str] = []
        self.broadcast_id = 0

    def has(self, count: int = 3, **values: Any) -> None:
        """Add friends who follow."""
        with self.dispatcher.database.begin() as session:
            made = [each.line_user_id or "" for each in many_friends(session, count, **values)]
        self.friends += made
        self.gateway.followers |= set(made)

    def sends(self, content: dict[str, Any] = HELLO, **values: Any) -> None:
        """Schedule the broadcast and run what it takes."""
        self.plans(content, **values)
        self.run_jobs()

    def plans(self, content: dict[str, Any] = HELLO, **values: Any) -> None:
        """Schedule the broadcast; its planning waits in the queue."""
        now = self.dispatcher.clock.now()
        given: dict[str, Any] = {"condition": {"is": "everyone"}, "through": Through.BROADCAST} | values
        with self.dispatcher.database.begin() as session:
            draft = Draft("お知らせ", content, **given)
            self.broadcast_id = drafts.create(session, draft, now=now, by="test").id
            broadcasts.schedule(session, self.dispatcher.queue, self.broadcast_id, None, now)

    def progress(self) -> Progress:
        """Return how far it has come."""
        with self.dispatcher.database.reading() as session:
            return broadcast_progress.progress(session, self.broadcast_id)

    def reason(self) -> str | None:
        """Return why it did not take LINE's own way."""
        with self.dispatcher.database.reading() as session:
            return session.get_one(Broadcast, self.broadcast_id).through_reason

    def endpoints(self) -> list[str]:
        """Return what LINE was asked, in order."""
        return [endpoint for endpoint, _given in self.gateway.calls]

    def got(self) -> list[list[str]]:
        """Return what each friend got."""
        return [self.gateway.sent_to(friend) for friend in self.friends]


@pytest.fixture
def shop(dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run) -> Shop:
    """Return a shop."""
    return Shop(dispatcher, gateway, run_jobs)


def test_everybody_gets_it_by_one_request_and_each_friend_has_a_row(shop: Shop) -> None:
    shop.has(3)
    shop.sends()
    assert shop.endpoints() == ["broadcast"]
    assert shop.got() == [["年末年始のお休みのお知らせ"]] * 3
    assert shop.progress().state is BroadcastState.DONE
    with shop.dispatcher.database.reading() as session:
        rows = session.execute(select(Delivery.state, Delivery.request_id, Chunk.mode).join(Chunk)).all()
        contacted = session.scalars(select(Facts.last_contacted_at)).all()
        claimed = meter.read(session, A_SATURDAY).claimed
    assert [tuple(row) for row in rows] == [(DeliveryState.ACCEPTED, "request-1", ChunkMode.EVERYONE)] * 3
    assert set(contacted) == {A_SATURDAY}
    assert claimed == 3


def test_who_blocked_us_is_left_out_by_line_and_told_so(shop: Shop) -> None:
    shop.has(2)
    with shop.dispatcher.database.begin() as session:
        a_friend(session, blocked_at=A_SATURDAY)
    shop.sends()
    assert shop.endpoints() == ["broadcast"]
    progress = shop.progress()
    assert progress.by_state == {DeliveryState.ACCEPTED: 2, DeliveryState.SKIPPED: 1}
    assert progress.by_reason == {"blocked": 1}


@pytest.mark.parametrize(
    ("content", "values", "why"),
    [
        (PERSONAL, {}, "personal"),
        (HELLO, {"per_minute": 60}, "paced"),
        (HELLO, {"condition": {"is": "stage", "stages": ["aware"]}}, "not_everyone"),
        (BOTH, {}, "languages"),
    ],
)
def test_what_cannot_be_sent_to_everyone_at_once_goes_by_name_and_says_why(
    shop: Shop, content: dict[str, Any], values: dict[str, Any], why: str
) -> None:
    shop.has(1)
    shop.has(1, language="en", facts={"stage": "regular"})
    shop.sends(content, **values)
    assert "broadcast" not in shop.endpoints()
    assert shop.reason() == why
    assert shop.progress().by_state[DeliveryState.ACCEPTED] >= 1


def test_a_friend_who_wants_no_messages_keeps_it_from_going_to_everyone(shop: Shop) -> None:
    shop.has(2)
    shop.has(1, opted_out_at=A_SATURDAY)
    shop.sends()
    assert shop.endpoints() == ["multicast"]
    assert shop.reason() == "friend_left_out:opted_out"
    assert shop.got() == [["年末年始のお休みのお知らせ"]] * 2 + [[]]
    assert shop.progress().state is BroadcastState.DONE


def test_in_quiet_hours_it_goes_by_name_when_they_are_over(shop: Shop, clock: FakeClock) -> None:
    shop.has(2)
    clock.advance(timedelta(hours=8))
    shop.sends()
    assert shop.endpoints() == []
    assert shop.reason() == "friend_left_out:quiet_hours"
    assert shop.progress().by_state == {DeliveryState.QUEUED: 2}


def test_who_followed_since_it_was_planned_does_not_get_it_unrecorded(shop: Shop, queue: FakeQueue) -> None:
    shop.has(2)
    shop.plans()
    _plan_only(shop, queue)
    shop.has(1)
    shop.run_jobs()
    assert shop.endpoints() == ["multicast"]
    assert shop.reason() == "not_everyone"
    assert shop.got()[2] == []


def _plan_only(shop: Shop, queue: FakeQueue) -> None:
    ((job_id, (job, _args, _delay)),) = queue.waiting.items()
    assert job is Job.PLAN_BROADCAST
    plan_broadcast(shop.dispatcher.database, queue, shop.dispatcher.clock, shop.broadcast_id)
    del queue.waiting[job_id]


def test_a_lost_answer_is_resolved_by_the_same_request(shop: Shop) -> None:
    shop.has(3)
    shop.gateway.lose_answer("broadcast")
    shop.sends()
    first, second = (given for _endpoint, given in shop.gateway.calls)
    assert first == second
    assert shop.got() == [["年末年始のお休みのお知らせ"]] * 3
    assert shop.progress().by_state == {DeliveryState.ACCEPTED: 3}


def test_lines_trouble_is_waited_for_with_the_same_request(shop: Shop) -> None:
    shop.has(2)
    shop.gateway.fail("broadcast", TemporaryGatewayError("500", status=500), times=2)
    shop.sends()
    assert shop.endpoints() == ["broadcast"] * 3
    assert shop.got() == [["年末年始のお休みのお知らせ"]] * 2


def test_what_line_refuses_for_everyone_goes_by_name(shop: Shop) -> None:
    shop.has(2)
    shop.gateway.fail("broadcast", RefusedByLine("no", status=400))
    shop.sends()
    assert shop.endpoints() == ["broadcast", "multicast"]
    assert shop.reason() == "refused"
    with shop.dispatcher.database.reading() as session:
        assert meter.read(session, A_SATURDAY).claimed == 2


def test_a_spent_quota_pauses_it_and_it_goes_to_everyone_after_all(shop: Shop) -> None:
    shop.has(2)
    shop.gateway.fail("broadcast", QuotaExhausted("You have reached your monthly limit.", status=429))
    shop.sends()
    assert shop.progress().state is BroadcastState.PAUSED
    with shop.dispatcher.database.begin() as session:
        broadcasts.resume(session, shop.dispatcher.queue, shop.broadcast_id, A_SATURDAY)
    shop.run_jobs()
    assert shop.endpoints() == ["broadcast", "broadcast"]
    assert shop.progress().by_state == {DeliveryState.ACCEPTED: 2}
    with shop.dispatcher.database.reading() as session:
        assert meter.read(session, A_SATURDAY).claimed == 2


def test_while_everything_is_stopped_nothing_leaves(shop: Shop) -> None:
    shop.has(2)
    shop.plans()
    with shop.dispatcher.database.begin() as session:
        kill_switch.stop_everything(session, "test", A_SATURDAY)
    shop.run_jobs()
    assert shop.endpoints() == []
    with shop.dispatcher.database.begin() as session:
        kill_switch.start_again(session, shop.dispatcher.queue, "test", A_SATURDAY)
    shop.run_jobs()
    assert shop.got() == [["年末年始のお休みのお知らせ"]] * 2


def _run_until(shop: Shop, asked: int) -> bool:
    """Run the one chunk with a clock that breaks; tell whether it did."""
    with shop.dispatcher.database.reading() as session:
        chunk_id = session.scalars(select(Chunk.id)).one()
    try:
        send_chunks(replace(shop.dispatcher, clock=FailingClock(asked)), chunk_id)
    except ConnectionError:
        return True
    return False


@pytest.mark.parametrize("returns", [False, True])
def test_after_a_crash_at_any_moment_everybody_gets_it_once(
    shop: Shop, queue: FakeQueue, returns: bool
) -> None:
    """Crashes one step later each time; with `returns`, whom it was cut for may have it again after the first crash."""
    shop.has(3)
    shop.has(1, opted_out_at=A_SATURDAY if returns else None)
    shop.plans()
    _plan_only(shop, queue)
    queue.waiting.clear()
    crashes = 0
    for asked in range(1, 30):
        if not _run_until(shop, asked):
            break
        crashes += 1
        if shop.reason():
            _lets_us_write_again(shop)
    assert crashes > 3
    with shop.dispatcher.database.begin() as session:
        chunks.enqueue_open(session, queue, A_SATURDAY, shop.broadcast_id)
    shop.run_jobs()
    assert shop.got() == [["年末年始のお休みのお知らせ"]] * 4
    assert set(shop.endpoints()) == ({"multicast"} if returns else {"broadcast"})
    assert shop.progress().by_state == {DeliveryState.ACCEPTED: 4}
    assert shop.progress().state is BroadcastState.DONE


def _lets_us_write_again(shop: Shop) -> None:
    with shop.dispatcher.database.begin() as session:
        session.execute(update(Friend).values(opted_out_at=None))


def test_a_day_later_nobody_can_know_and_it_is_uncertain(
    shop: Shop, clock: FakeClock, queue: FakeQueue
) -> None:
    shop.has(2)
    shop.gateway.lose_answer("broadcast")
    shop.plans()
    _plan_only(shop, queue)
    queue.waiting.clear()
    with shop.dispatcher.database.reading() as session:
        chunk_id = session.scalars(select(Chunk.id)).one()
    send_chunks(shop.dispatcher, chunk_id)
    clock.advance(timedelta(hours=24))
    send_chunks(shop.dispatcher, chunk_id)
    assert shop.progress().by_state == {DeliveryState.UNCERTAIN: 2}
    assert shop.progress().by_reason == {"retry_key_expired": 2}
    assert shop.endpoints() == ["broadcast"]


def _ends_cancelled(shop: Shop, chunk_id: int) -> None:
    send_chunks(shop.dispatcher, chunk_id)
    with shop.dispatcher.database.reading() as session:
        assert session.get_one(Chunk, chunk_id).state is ChunkState.DONE
        assert session.scalars(select(Delivery.state).distinct()).all() == [DeliveryState.CANCELLED]
        assert meter.read(session, A_SATURDAY).claimed == 0


def test_cancelled_after_a_spent_quota_it_ends(shop: Shop) -> None:
    shop.has(2)
    shop.gateway.fail("broadcast", QuotaExhausted("You have reached your monthly limit.", status=429))
    shop.sends()
    with shop.dispatcher.database.begin() as session:
        broadcasts.cancel(session, shop.broadcast_id, A_SATURDAY)
        chunk_id = session.scalars(select(Chunk.id)).one()
    _ends_cancelled(shop, chunk_id)


def test_cancelled_while_there_is_no_way_to_line_it_ends(shop: Shop, queue: FakeQueue) -> None:
    shop.has(2)
    shop.plans()
    _plan_only(shop, queue)
    shop.gateway.fail("broadcast", NotTaken("ClientConnectorError"))
    with shop.dispatcher.database.reading() as session:
        chunk_id = session.scalars(select(Chunk.id)).one()
    send_chunks(shop.dispatcher, chunk_id)
    with shop.dispatcher.database.begin() as session:
        broadcasts.cancel(session, shop.broadcast_id, A_SATURDAY)
    _ends_cancelled(shop, chunk_id)


def test_without_a_way_to_line_it_is_tried_again_once_a_minute(shop: Shop, queue: FakeQueue) -> None:
    shop.has(2)
    shop.gateway.fail("broadcast", NotTaken("ClientConnectorError"), times=3)
    shop.plans()
    _plan_only(shop, queue)
    with shop.dispatcher.database.reading() as session:
        chunk_id = session.scalars(select(Chunk.id)).one()
    delays: list[timedelta | None] = []
    while queue.waiting:
        ((_, _arguments, delay),) = queue.waiting.values()
        queue.waiting.clear()
        delays.append(delay)
        send_chunks(shop.dispatcher, chunk_id)
    assert delays[1:] == [timedelta(minutes=1)] * 3
    assert len({given["key"] for _, given in shop.gateway.calls}) == 1
    assert shop.got() == [["年末年始のお休みのお知らせ"]] * 2


def test_cancelled_in_the_moment_before_line_is_asked_it_ends(shop: Shop, queue: FakeQueue) -> None:
    shop.has(2)
    shop.plans()
    _plan_only(shop, queue)
    with shop.dispatcher.database.begin() as session:
        chunk = session.scalars(select(Chunk)).one()
        batch = everyone.batch_of(chunk)
        assert everyone.decide(session, chunk.id, 2, None, A_SATURDAY) is everyone.Stage.SEND
        batch = everyone.request(session, batch)
    with shop.dispatcher.database.begin() as session:
        broadcasts.cancel(session, shop.broadcast_id, A_SATURDAY)
    with shop.dispatcher.database.begin() as session:
        outcomes_of_many.record_everyone(Ledger(session, queue, A_SATURDAY), batch, None)
    _ends_cancelled(shop, batch.chunk_id)

"""What quiet hours hold of a broadcast stays part of it: counted, paused, cancelled and finished with it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from scheduler import broadcast_progress, broadcasts, collecting, drafts
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.gateway import QuotaExhausted
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Chunk,
    ChunkState,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Purpose,
)
from scheduler.tick import tick
from tests.builders import a_friend, a_message
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue

HELLO = {"ja": [{"type": "text", "text": "こんにちは"}]}
NIGHT, MORNING = timedelta(hours=8), timedelta(hours=12)
Run = Callable[[], int]


@pytest.fixture
def held(dispatcher: Dispatcher, queue: FakeQueue, run_jobs: Run, clock: FakeClock) -> int:
    """Return a broadcast to two friends that was begun at 22:30 and is due again in the morning."""
    with dispatcher.database.begin() as session:
        for _ in range(2):
            a_friend(session)
        draft = Draft("秋", HELLO, condition={"is": "everyone"})
        broadcast_id = drafts.create(session, draft, now=clock.now(), by="test").id
        clock.advance(NIGHT)
        broadcasts.schedule(session, queue, broadcast_id, None, clock.now())
    run_jobs()
    clock.advance(MORNING)
    return broadcast_id


def _collect(dispatcher: Dispatcher) -> int:
    with dispatcher.database.begin() as session:
        return collecting.collect_due(session, dispatcher.queue, dispatcher.clock.now())


def _state(dispatcher: Dispatcher, broadcast_id: int) -> BroadcastState:
    with dispatcher.database.reading() as session:
        return broadcast_progress.progress(session, broadcast_id).state


def test_a_broadcast_held_overnight_is_done_in_the_morning(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, held: int
) -> None:
    assert _collect(dispatcher) == 2
    run_jobs()
    assert len(gateway.calls) == 2
    assert _state(dispatcher, held) is BroadcastState.DONE


def test_pausing_holds_what_was_collected_in_the_morning_and_resuming_sends_it_at_once(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, held: int, clock: FakeClock
) -> None:
    _collect(dispatcher)
    with dispatcher.database.begin() as session:
        broadcasts.pause(session, held, clock.now())
    run_jobs()
    assert gateway.calls == []
    with dispatcher.database.begin() as session:
        broadcasts.resume(session, dispatcher.queue, held, clock.now())
    run_jobs()
    assert len(gateway.calls) == 2
    assert _state(dispatcher, held) is BroadcastState.DONE


def test_cancelling_closes_what_was_collected_in_the_morning(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, held: int, clock: FakeClock
) -> None:
    _collect(dispatcher)
    with dispatcher.database.begin() as session:
        broadcasts.cancel(session, held, clock.now())
    run_jobs()
    assert gateway.calls == []
    with dispatcher.database.reading() as session:
        assert not session.scalars(select(Chunk.id).where(Chunk.state == ChunkState.QUEUED)).all()
        assert set(session.scalars(select(Delivery.state))) == {DeliveryState.CANCELLED}


def test_a_month_without_quota_pauses_a_held_broadcast_and_not_the_steps_beside_it(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, held: int, clock: FakeClock
) -> None:
    with dispatcher.database.begin() as session:
        message, friend = a_message(session), a_friend(session)
        session.add(
            Delivery(
                friend_id=friend.id,
                kind=DeliveryKind.STEP,
                purpose=Purpose.CARE,
                message_version_id=message.id,
                created_at=clock.now(),
                not_before=clock.now(),
            )
        )
    assert _collect(dispatcher) == 3
    gateway.fail("push", QuotaExhausted("monthly", status=429), times=2)
    run_jobs()
    with dispatcher.database.reading() as session:
        progress = broadcast_progress.progress(session, held)
    assert (progress.state, progress.state_reason) == (BroadcastState.PAUSED, "quota_exhausted")
    assert progress.by_state == {DeliveryState.QUEUED: 2}
    assert gateway.sent_to(friend.line_user_id or "") == ["こんにちは"]


def test_a_broadcast_that_its_last_chunks_left_open_is_finished_by_the_tick(
    dispatcher: Dispatcher, run_jobs: Run, held: int
) -> None:
    _collect(dispatcher)
    run_jobs()
    with dispatcher.database.begin() as session:
        # Two chunks that end at once each see the other's deliveries open: neither finishes the broadcast.
        session.get_one(Broadcast, held).state = BroadcastState.SENDING
    tick(dispatcher)
    assert _state(dispatcher, held) is BroadcastState.DONE

"""At most n a minute: turns are spaced, kept across processes, and lost when they are missed."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from scheduler import broadcast_progress, broadcasts, collecting, drafts, going_on, throttle
from scheduler.chunks import OPEN_CHUNK
from scheduler.delivery import send_chunk
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.ledger import Ledger
from scheduler.models import BroadcastState, Chunk, ChunkState, Delivery
from scheduler.plan import plan_broadcast
from scheduler.preparing import prepare
from segments.errors import Invalid
from tests.builders import a_friend
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue

HELLO = {"ja": [{"type": "text", "text": "こんにちは"}]}
PERSONAL = {"ja": [{"type": "text", "text": "{{ name }}様"}]}


def _started(dispatcher: Dispatcher, per_minute: int, friends: int, content: dict[str, Any] = HELLO) -> int:
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        for _ in range(friends):
            a_friend(session)
        draft = Draft("秋", content, condition={"is": "everyone"}, per_minute=per_minute)
        broadcast_id = drafts.create(session, draft, now=now, by="test").id
        broadcasts.schedule(session, dispatcher.queue, broadcast_id, None, now)
    return broadcast_id


@given(st.integers(1, 100_000))
def test_no_minute_holds_more_turns_than_the_number_allows(per_minute: int) -> None:
    size, spacing = throttle.chunk_size(per_minute, 500), throttle.spacing(per_minute)
    # A turn may be taken up to LATE after its time: two that far apart fall into one minute.
    turns = (timedelta(minutes=1) + throttle.LATE) // spacing
    assert 1 <= size <= per_minute
    assert turns * size <= per_minute


def test_friends_are_sent_to_in_turns_and_all_of_them_in_the_end(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue, clock: FakeClock
) -> None:
    broadcast_id = _started(dispatcher, per_minute=12, friends=6)
    plan_broadcast(dispatcher.database, queue, clock, broadcast_id)
    sent: list[int] = []
    for _ in range(4):
        for chunk_id in _open_chunks(dispatcher):
            send_chunk(dispatcher, chunk_id)
        sent.append(len(gateway.calls))
        clock.advance(throttle.spacing(12))
    assert sent == [1, 2, 3, 3]
    assert [len(given["to"]) for _, given in gateway.calls] == [2, 2, 2]
    delays = [delay for _job, _args, delay in queue.waiting.values() if delay]
    assert delays[:2] == [throttle.spacing(12), 2 * throttle.spacing(12)]
    with dispatcher.database.reading() as session:
        assert broadcast_progress.progress(session, broadcast_id).state is BroadcastState.DONE


def _open_chunks(dispatcher: Dispatcher) -> list[int]:
    with dispatcher.database.reading() as session:
        return list(session.scalars(select(Chunk.id).where(Chunk.state.in_(OPEN_CHUNK)).order_by(Chunk.id)))


def test_a_turn_that_was_missed_by_far_is_not_made_up_for_in_a_burst(
    dispatcher: Dispatcher, clock: FakeClock
) -> None:
    broadcast_id = _started(dispatcher, per_minute=6, friends=0)
    with dispatcher.database.begin() as session:
        some = [Chunk(broadcast_id=broadcast_id, mode="multicast", created_at=clock.now()) for _ in range(3)]
        session.add_all(some)
        session.flush()
        assert [throttle.has_its_turn(session, chunk, clock.now()) for chunk in some] == [True, False, False]
        clock.advance(timedelta(hours=1))
        assert [throttle.has_its_turn(session, chunk, clock.now()) for chunk in some] == [True, False, False]


def test_less_than_one_a_minute_is_refused(dispatcher: Dispatcher) -> None:
    with pytest.raises(Invalid, match="per_minute_invalid"):
        _started(dispatcher, per_minute=0, friends=1)


def test_what_the_night_held_leaves_in_turns_of_the_same_size(
    dispatcher: Dispatcher, queue: FakeQueue, clock: FakeClock
) -> None:
    broadcast_id = _started(dispatcher, per_minute=12, friends=5)
    plan_broadcast(dispatcher.database, queue, clock, broadcast_id)
    with dispatcher.database.begin() as session:
        session.execute(update(Chunk).values(state=ChunkState.DONE))
        session.execute(update(Delivery).values(chunk_id=None, not_before=clock.now()))
        collecting.collect_due(session, queue, clock.now())
        sizes = session.scalars(select(func.count()).select_from(Delivery).group_by(Delivery.chunk_id)).all()
    assert sorted(sizes) == [1, 2, 2]


def test_a_lost_answer_is_resolved_before_the_turns_of_the_others(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue, clock: FakeClock
) -> None:
    broadcast_id = _started(dispatcher, per_minute=6, friends=3, content=PERSONAL)
    plan_broadcast(dispatcher.database, queue, clock, broadcast_id)
    gateway.lose_answer("push")
    first, *others = _open_chunks(dispatcher)
    for chunk_id in (first, *others):
        send_chunk(dispatcher, chunk_id)
    clock.advance(timedelta(seconds=5))
    send_chunk(dispatcher, first)
    assert [endpoint for endpoint, _ in gateway.calls] == ["push", "push"]
    assert _open_chunks(dispatcher) == others


def test_a_turn_that_comes_while_it_is_put_off_is_not_lost(
    dispatcher: Dispatcher, queue: FakeQueue, clock: FakeClock
) -> None:
    broadcast_id = _started(dispatcher, per_minute=6, friends=2)
    plan_broadcast(dispatcher.database, queue, clock, broadcast_id)
    _, second = _open_chunks(dispatcher)
    for chunk_id in _open_chunks(dispatcher):
        send_chunk(dispatcher, chunk_id)
    clock.advance(throttle.spacing(6) - timedelta(milliseconds=10))
    with dispatcher.database.begin() as session:
        assert prepare(session, second, clock.now(), dispatcher.zone) is None
    queue.waiting.clear()
    clock.advance(timedelta(milliseconds=20))
    with dispatcher.database.begin() as session:
        going_on.close_idle(Ledger(session, queue, clock.now()), second)
    assert len(queue.waiting) == 1

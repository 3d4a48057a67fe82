"""Two at once: workers that run the same chunk, an operator who acts while a worker sends, planning that broke."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from scheduler import broadcast_progress, broadcasts, drafts, outcomes_of_many
from scheduler.batches import Multicast
from scheduler.delivery import send_chunks
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.gateway import Accepted, GatewayError, QuotaExhausted, RefusedByLine
from scheduler.jobs import Job
from scheduler.ledger import Ledger
from scheduler.models import Broadcast, BroadcastState, Chunk, ChunkState, Delivery, DeliveryState
from scheduler.plan import plan_broadcast
from scheduler.preparing import prepare
from scheduler.tick import tick
from tests.aside import Aside
from tests.builders import a_friend, many_friends
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue

HELLO = {"ja": [{"type": "text", "text": "こんにちは"}]}
PERSONAL = {"ja": [{"type": "text", "text": "{{ name }}様"}]}
Run = Callable[[], int]


def _planned(dispatcher: Dispatcher, content: dict[str, Any], friends: int = 3) -> tuple[int, list[str]]:
    """Return a broadcast that is planned, its chunk without a job, and its friends."""
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        known = [each.line_user_id or "" for each in many_friends(session, friends)]
        draft = Draft("秋", content, condition={"is": "everyone"})
        broadcast_id = drafts.create(session, draft, now=now, by="test").id
        broadcasts.schedule(session, dispatcher.queue, broadcast_id, None, now)
    plan_broadcast(dispatcher.database, dispatcher.queue, dispatcher.clock, broadcast_id)
    return broadcast_id, known


def _broken(_broadcast_id: int) -> None:
    """A job that found no database."""


def _chunk_id(dispatcher: Dispatcher) -> int:
    with dispatcher.database.reading() as session:
        return session.scalars(select(Chunk.id)).one()


def _prepared(dispatcher: Dispatcher, chunk_id: int) -> Multicast:
    with dispatcher.database.begin() as session:
        batch = prepare(session, chunk_id, dispatcher.clock.now(), dispatcher.zone)
    assert isinstance(batch, Multicast)
    return batch


def _answer(dispatcher: Dispatcher, batch: Multicast) -> Accepted | GatewayError:
    try:
        return dispatcher.gateway.multicast(batch.to, batch.messages, batch.retry_key)
    except GatewayError as refused:
        return refused


def _record(dispatcher: Dispatcher, batch: Multicast, outcome: Accepted | GatewayError) -> None:
    with dispatcher.database.begin() as session:
        outcomes_of_many.record_multicast(
            Ledger(session, dispatcher.queue, dispatcher.clock.now()), batch, outcome
        )


def test_a_cut_off_worker_that_comes_back_with_a_refusal_puts_nothing_back_that_was_sent_since(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    broadcast_id, friends = _planned(dispatcher, HELLO)
    gateway.unknown = {friends[0]}
    chunk_id = _chunk_id(dispatcher)
    cut_off = _prepared(dispatcher, chunk_id)
    successor = _prepared(dispatcher, chunk_id)
    late = _answer(dispatcher, cut_off)
    _record(dispatcher, successor, _answer(dispatcher, successor))
    without_the_stranger = _prepared(dispatcher, chunk_id)
    taken = _answer(dispatcher, without_the_stranger)
    assert isinstance(late, RefusedByLine)
    _record(dispatcher, cut_off, late)
    run_jobs()
    _record(dispatcher, without_the_stranger, taken)
    assert [gateway.sent_to(friend) for friend in friends] == [[], ["こんにちは"], ["こんにちは"]]
    with dispatcher.database.reading() as session:
        by_state = broadcast_progress.progress(session, broadcast_id).by_state
    assert by_state == {DeliveryState.FAILED: 1, DeliveryState.ACCEPTED: 2}


def test_planning_that_broke_is_begun_again_a_little_later(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue, run_jobs: Run, clock: FakeClock
) -> None:
    with dispatcher.database.begin() as session:
        friend = a_friend(session).line_user_id or ""
        draft = Draft("秋", HELLO, condition={"is": "everyone"})
        broadcast_id = drafts.create(session, draft, now=clock.now(), by="test").id
        broadcasts.schedule(session, queue, broadcast_id, None, clock.now())
    queue.run({Job.PLAN_BROADCAST: _broken})
    assert tick(dispatcher)["replanned"] == 1
    assert tick(dispatcher)["replanned"] == 0
    assert [delay for _job, _args, delay in queue.waiting.values()] == [timedelta(minutes=1)]
    run_jobs()
    assert gateway.sent_to(friend) == ["こんにちは"]


def test_a_process_that_is_told_to_end_leaves_the_rest_of_its_job_to_the_next(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue, run_jobs: Run
) -> None:
    _, friends = _planned(dispatcher, HELLO)
    queue.waiting.clear()
    dispatcher.ending.set()
    send_chunks(dispatcher, str(_chunk_id(dispatcher)))
    assert gateway.calls == []
    dispatcher.ending.clear()
    run_jobs()
    assert [gateway.sent_to(friend) for friend in friends] == [["こんにちは"]] * 3


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_cancelling_while_a_chunk_is_prepared_neither_blocks_it_for_ever_nor_is_undone(
    dispatcher: Dispatcher, clock: FakeClock
) -> None:
    broadcast_id, _ = _planned(dispatcher, PERSONAL)
    chunk_id, operator = _chunk_id(dispatcher), Aside(dispatcher.database)
    with dispatcher.database.begin() as session:
        session.get_one(Chunk, chunk_id, with_for_update=True)
        cancelled = operator.start(lambda other: broadcasts.cancel(other, broadcast_id, clock.now()))
        operator.wait_until_it_waits()
        assert prepare(session, chunk_id, clock.now(), dispatcher.zone) is not None
    cancelled()
    with dispatcher.database.reading() as session:
        assert session.get_one(Broadcast, broadcast_id).state is BroadcastState.CANCELLED
        # What was being sent is still resolved; nothing else leaves.
        assert set(session.scalars(select(Delivery.state))) == {DeliveryState.SENDING}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_what_was_cancelled_while_a_second_run_looked_stays_cancelled(
    dispatcher: Dispatcher, clock: FakeClock
) -> None:
    broadcast_id, _ = _planned(dispatcher, PERSONAL)
    chunk_id, worker = _chunk_id(dispatcher), Aside(dispatcher.database)
    with dispatcher.database.begin() as session:
        session.get_one(Chunk, chunk_id).state = ChunkState.SENDING
    with dispatcher.database.begin() as session:
        broadcasts.cancel(session, broadcast_id, clock.now())
        session.flush()
        prepared = worker.start(lambda other: prepare(other, chunk_id, clock.now(), dispatcher.zone))
        worker.wait_until_it_waits()
    assert prepared() is None
    with dispatcher.database.reading() as session:
        assert set(session.scalars(select(Delivery.state))) == {DeliveryState.CANCELLED}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_watching_a_broadcast_waits_for_nobody(dispatcher: Dispatcher, clock: FakeClock) -> None:
    broadcast_id, _ = _planned(dispatcher, HELLO)
    with dispatcher.database.begin() as working, dispatcher.database.reading() as watching:
        broadcasts.pause(working, broadcast_id, clock.now())
        working.flush()
        watching.execute(text("SET LOCAL lock_timeout = '1s'"))
        assert broadcast_progress.progress(watching, broadcast_id).state is BroadcastState.SENDING


@pytest.mark.parametrize(("content", "endpoint"), [(HELLO, "multicast"), (PERSONAL, "push")])
def test_what_line_may_have_taken_is_still_resolved_after_cancelling(
    dispatcher: Dispatcher, gateway: FakeGateway, content: dict[str, Any], endpoint: str
) -> None:
    broadcast_id, friends = _planned(dispatcher, content)
    gateway.lose_answer(endpoint, times=3)
    send_chunks(dispatcher, _chunk_id(dispatcher))
    with dispatcher.database.begin() as session:
        broadcasts.cancel(session, broadcast_id, dispatcher.clock.now())
    for _ in range(3):
        send_chunks(dispatcher, _chunk_id(dispatcher))
    with dispatcher.database.reading() as session:
        assert session.scalars(select(Delivery.state).distinct()).all() == [DeliveryState.ACCEPTED]
        assert session.scalars(select(Chunk.state)).one() is ChunkState.DONE
    assert [len(gateway.sent_to(friend)) for friend in friends] == [1, 1, 1]


def test_friends_whom_a_stop_left_and_the_night_held_get_it_in_the_morning(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue, run_jobs: Run, clock: FakeClock
) -> None:
    broadcast_id, friends = _planned(dispatcher, PERSONAL)
    gateway.fail("push", QuotaExhausted("You have reached your monthly limit."), times=3)
    run_jobs()
    clock.advance(timedelta(hours=8))
    with dispatcher.database.begin() as session:
        broadcasts.resume(session, queue, broadcast_id, clock.now())
    run_jobs()
    clock.advance(timedelta(hours=12))
    tick(dispatcher)
    run_jobs()
    assert [len(gateway.sent_to(friend)) for friend in friends] == [1, 1, 1]

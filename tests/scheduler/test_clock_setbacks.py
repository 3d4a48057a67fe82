"""A clock that is set back or jumps ahead in the middle of a send: nothing is lost, nothing is said twice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from scheduler import broadcast_progress, broadcasts, clock_setbacks, drafts, heartbeats, throttle
from scheduler.batches import KEY_LIFE
from scheduler.delivery import send_chunks
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.gateway import TemporaryGatewayError
from scheduler.jobs import Job
from scheduler.models import Chunk, Delivery, DeliveryState
from scheduler.tick import tick
from scheduler.ticker import Ticker
from segments.clock import SystemClock
from segments.db import Database
from segments.models import Friend
from tests.builders import a_friend, many_friends
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue
from tests.scheduler.conftest import jobs_of

PERSONAL = {"ja": [{"type": "text", "text": "{{ name }}様"}]}
HELLO = {"ja": [{"type": "text", "text": "こんにちは"}]}
TOKYO = ZoneInfo("Asia/Tokyo")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Run = Callable[[], int]
BUSY = TemporaryGatewayError("Internal Server Error", status=500)


@pytest.fixture
def bell(dispatcher: Dispatcher) -> Ticker:
    """The bell of the process that leads."""
    return Ticker(dispatcher.database, dispatcher.queue, dispatcher.clock, TOKYO)


def planned(
    dispatcher: Dispatcher, queue: FakeQueue, friends: int = 3, per_minute: int | None = None
) -> list[str]:
    """Plan a personal broadcast whose jobs wait; return its friends."""
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        known = [each.line_user_id or "" for each in many_friends(session, friends)]
        draft = Draft("秋", PERSONAL, condition={"is": "everyone"}, per_minute=per_minute)
        broadcast_id = drafts.create(session, draft, now=now, by="test").id
        broadcasts.schedule(session, dispatcher.queue, broadcast_id, None, now)
    run_first(dispatcher, queue)
    return known


def run_first(dispatcher: Dispatcher, queue: FakeQueue) -> None:
    """Run the jobs that wait now, and none that they enqueue."""
    jobs = jobs_of(dispatcher) | {Job.TICK: lambda: None}
    for job_id, (job, args, _delay) in list(queue.waiting.items()):
        jobs[job](*args)
        del queue.waiting[job_id]


def chunk_jobs(queue: FakeQueue) -> list[timedelta | None]:
    return [delay for job, _args, delay in queue.waiting.values() if job is Job.SEND_CHUNK]


def states(dispatcher: Dispatcher) -> list[DeliveryState]:
    with dispatcher.database.reading() as session:
        return list(session.scalars(select(Delivery.state).order_by(Delivery.id)))


def test_what_was_put_off_does_not_wait_until_the_clock_has_caught_up(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue, clock: FakeClock, bell: Ticker
) -> None:
    friends = planned(dispatcher, queue)
    bell.ring(Job.TICK)
    gateway.fail("push", BUSY, times=3)
    run_first(dispatcher, queue)
    assert chunk_jobs(queue) == [timedelta(seconds=1)], "tried again in a moment, by the clock as it was"
    clock.advance(timedelta(seconds=0.5))
    clock.advance(-HOUR)
    queue.waiting.clear()  # The job is put off until an hour from now.
    bell.ring(Job.TICK)
    assert chunk_jobs(queue) == [None]
    queue.run(jobs_of(dispatcher) | {Job.TICK: lambda: None})
    assert [gateway.sent_to(each) for each in friends] == [[f"{name}様"] for name in names(dispatcher)]
    assert set(states(dispatcher)) == {DeliveryState.ACCEPTED}


def names(dispatcher: Dispatcher) -> list[str]:
    with dispatcher.database.reading() as session:
        return list(session.scalars(select(Friend.display_name).order_by(Friend.id)))


def test_a_job_that_died_as_the_clock_was_set_back_is_swept_a_minute_later(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue, clock: FakeClock, bell: Ticker
) -> None:
    friends = planned(dispatcher, queue)
    clock.advance(timedelta(seconds=2))
    bell.ring(Job.TICK)
    clock.advance(-HOUR)
    queue.waiting.clear()
    bell.ring(Job.TICK)
    queue.waiting.clear()  # Whatever it had, it dies with its process.
    clock.advance(timedelta(minutes=1, seconds=5))
    assert tick(dispatcher)["swept"] == 1
    run_first(dispatcher, queue)
    assert [len(gateway.sent_to(each)) for each in friends] == [1, 1, 1]


def test_retry_keys_stay_as_old_as_they_are(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue, clock: FakeClock, bell: Ticker
) -> None:
    planned(dispatcher, queue)
    bell.ring(Job.TICK)
    gateway.lose_answer("push", times=3)
    run_first(dispatcher, queue)
    assert set(states(dispatcher)) == {DeliveryState.SENDING}
    clock.advance(-5 * HOUR)
    bell.ring(Job.TICK)
    queue.waiting.clear()
    # 24 hours later by any other clock: LINE has forgotten the keys and would send again.
    clock.advance(KEY_LIFE + timedelta(minutes=5))
    send_chunks(dispatcher, only_chunk(dispatcher))
    assert set(states(dispatcher)) == {DeliveryState.UNCERTAIN}
    assert [endpoint for endpoint, _ in gateway.calls] == ["push"] * 3


def only_chunk(dispatcher: Dispatcher) -> int:
    with dispatcher.database.reading() as session:
        return session.scalars(select(Chunk.id)).one()


def test_a_multicasts_key_stays_as_old_as_well(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue, clock: FakeClock, bell: Ticker
) -> None:
    now = clock.now()
    with dispatcher.database.begin() as session:
        a_friend(session)
        draft = Draft("秋", HELLO, condition={"is": "everyone"})
        broadcasts.schedule(session, queue, drafts.create(session, draft, now=now, by="test").id, None, now)
    run_first(dispatcher, queue)
    bell.ring(Job.TICK)
    gateway.lose_answer("multicast")
    run_first(dispatcher, queue)
    clock.advance(-HOUR)
    bell.ring(Job.TICK)
    with dispatcher.database.reading() as session:
        first = session.scalars(select(Chunk.first_attempt_at)).one()
    assert first is not None
    assert timedelta() <= clock.now() - first < timedelta(seconds=1)


def test_a_broadcast_of_so_many_a_minute_goes_on_and_never_faster(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue, clock: FakeClock, bell: Ticker
) -> None:
    friends = planned(dispatcher, queue, friends=6, per_minute=12)
    bell.ring(Job.TICK)
    run_first(dispatcher, queue)
    assert len(gateway.calls) == 2, "the first of three turns"
    queue.waiting = {job_id: job for job_id, job in queue.waiting.items() if job[0] is not Job.TICK}
    clock.advance(-HOUR)
    bell.ring(Job.TICK)
    sent_at: list[datetime] = [clock.now()] * len(gateway.calls)
    for _ in range(180):
        for job_id in [each for each, (job, *_rest) in queue.waiting.items() if job is Job.SEND_CHUNK]:
            _job, args, _delay = queue.waiting.pop(job_id)
            before = len(gateway.calls)
            send_chunks(dispatcher, str(args[0]))
            sent_at += [clock.now()] * (len(gateway.calls) - before)
        clock.advance(timedelta(seconds=1))
    assert [len(gateway.sent_to(each)) for each in friends] == [1] * 6
    assert all(sum(start <= at < start + timedelta(minutes=1) for at in sent_at) <= 12 for start in sent_at)
    assert max(sent_at) - min(sent_at) < timedelta(minutes=4)
    assert throttle.spacing(12) < timedelta(minutes=1)


def test_a_day_ahead_what_line_may_have_is_uncertain_and_the_rest_leaves_once(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue, clock: FakeClock
) -> None:
    friends = planned(dispatcher, queue, friends=4)
    gateway.lose_answer("push", times=2)
    run_first(dispatcher, queue)
    clock.advance(DAY + timedelta(minutes=1))
    queue.run(jobs_of(dispatcher) | {Job.TICK: lambda: None})
    by_state = states(dispatcher)
    assert by_state == [DeliveryState.UNCERTAIN] * 2 + [DeliveryState.ACCEPTED] * 2
    assert [len(gateway.sent_to(each)) for each in friends] == [1] * 4


@pytest.mark.parametrize("jump", [-16 * HOUR, DAY - 4 * HOUR])
def test_a_jump_into_the_night_holds_the_rest_until_the_morning(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue, clock: FakeClock, jump: timedelta
) -> None:
    clock.set(datetime(2026, 11, 21, 14, 30, tzinfo=TOKYO).astimezone(UTC))
    friends = planned(dispatcher, queue)
    clock.advance(jump if jump < timedelta() else jump + 13 * HOUR)
    run_first(dispatcher, queue)
    assert gateway.calls == []
    with dispatcher.database.reading() as session:
        until = set(session.scalars(select(Delivery.not_before)))
    (morning,) = {at.astimezone(TOKYO) for at in until if at is not None}
    assert (morning.hour, morning.minute) == (9, 0)
    assert timedelta() < morning - clock.now() <= 12 * HOUR
    clock.set(morning.astimezone(UTC))
    tick(dispatcher)
    queue.run(jobs_of(dispatcher) | {Job.TICK: lambda: None})
    assert [len(gateway.sent_to(each)) for each in friends] == [1, 1, 1]


def test_rings_after_a_setback_are_new_ones_and_two_bells_still_make_one_job(
    dispatcher: Dispatcher, queue: FakeQueue, clock: FakeClock, bell: Ticker
) -> None:
    other = Ticker(dispatcher.database, queue, clock, TOKYO)
    first = bell.ring(Job.TICK)
    queue.waiting.clear()
    clock.advance(HOUR)
    bell.ring(Job.TICK)
    queue.waiting.clear()
    clock.advance(-HOUR)
    again = bell.ring(Job.TICK)
    assert again != first
    assert again in queue.waiting, "not taken for the ring of an hour ago"
    assert other.ring(Job.TICK) == again


def test_clocks_that_differ_by_seconds_are_no_setback(
    dispatcher: Dispatcher, queue: FakeQueue, clock: FakeClock, bell: Ticker
) -> None:
    bell.ring(Job.TICK)
    clock.advance(-timedelta(seconds=90))
    with dispatcher.database.begin() as session:
        assert clock_setbacks.notice(session, queue, clock.now()) == timedelta()
        assert clock_setbacks.era(session) == ""


def test_what_tells_of_a_setback_is_kept_when_old_signs_of_life_go(database: Database) -> None:
    with database.begin() as session:
        heartbeats.beat(session, "worker-1", "worker", A_SATURDAY)
        clock_setbacks.notice(session, FakeQueue(), A_SATURDAY)
        clock_setbacks.notice(session, FakeQueue(), A_SATURDAY - HOUR)
        heartbeats.forget(session, A_SATURDAY + DAY)
        assert clock_setbacks.era(session)


def test_a_bell_that_would_be_silent_for_an_hour_is_set_anew(sqlite: Database, queue: FakeQueue) -> None:
    clock = FakeClock(SystemClock().now())
    ticker = Ticker(sqlite, queue, clock, TOKYO)
    ticker.start()
    try:
        assert not ticker.set_anew_if_late()
        clock.advance(-HOUR)
        assert ticker.set_anew_if_late()
    finally:
        ticker.stop()
    assert not ticker.set_anew_if_late(), "a bell that does not ring is not late"


def test_the_progress_of_a_send_is_told_whatever_the_clock_did(
    dispatcher: Dispatcher, queue: FakeQueue, clock: FakeClock, run_jobs: Run
) -> None:
    planned(dispatcher, queue)
    clock.advance(-DAY)
    run_jobs()
    with dispatcher.database.reading() as session:
        assert broadcast_progress.progress(session, 1).by_state == {DeliveryState.ACCEPTED: 3}

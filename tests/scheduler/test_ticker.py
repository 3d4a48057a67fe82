"""The bell: what it puts on the queue, and under which names."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.jobs import Job
from scheduler.ticker import Ticker
from segments.db import Database
from tests.fakes.clock import FakeClock
from tests.fakes.queue import FakeQueue

TOKYO = ZoneInfo("Asia/Tokyo")


def a_ticker(database: Database, queue: FakeQueue, clock: FakeClock, zone: ZoneInfo = TOKYO) -> Ticker:
    return Ticker(database, queue, clock, zone)


def test_two_bells_that_ring_at_once_make_one_job(
    sqlite: Database, queue: FakeQueue, clock: FakeClock
) -> None:
    first, second = a_ticker(sqlite, queue, clock), a_ticker(sqlite, queue, clock)
    assert first.ring(Job.TICK) == second.ring(Job.TICK) == "tick@2026-11-21T14:30:00+09:00"
    assert list(queue.waiting) == ["tick@2026-11-21T14:30:00+09:00"]


def test_no_second_tick_is_put_on_the_queue_while_the_first_still_waits(
    sqlite: Database, queue: FakeQueue, clock: FakeClock
) -> None:
    ticker = a_ticker(sqlite, queue, clock)
    waiting = ticker.ring(Job.TICK)
    clock.advance(timedelta(minutes=1))
    assert ticker.ring(Job.TICK) == waiting
    queue.waiting.clear()
    assert ticker.ring(Job.TICK) != waiting


def test_the_hour_that_comes_twice_when_clocks_are_put_back_is_ticked_twice(
    sqlite: Database, queue: FakeQueue
) -> None:
    half_past_one = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    clock = FakeClock(half_past_one)
    ticker = a_ticker(sqlite, queue, clock, ZoneInfo("America/New_York"))
    before = ticker.ring(Job.TICK)
    queue.waiting.clear()
    clock.advance(timedelta(hours=1))
    assert ticker.ring(Job.TICK) != before

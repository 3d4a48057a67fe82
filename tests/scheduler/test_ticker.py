"""The bell: what it puts on the queue, and under which names; which nights it makes up."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler import heartbeats, nights
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


NINE = datetime(2026, 11, 21, 9, 0, tzinfo=TOKYO)
THREE_THIRTY = NINE.replace(hour=3, minute=30)
TODAYS = "nightly@2026-11-21T03:30:00+09:00"
DAY = timedelta(days=1)


def with_last_night(database: Database, at: datetime) -> None:
    with database.begin() as session:
        nights.note(session, at)


def nights_in(queue: FakeQueue) -> list[str]:
    return [job_id for job_id, (job, _args, _delay) in queue.waiting.items() if job is Job.NIGHTLY]


def test_a_night_that_was_missed_is_made_up_once_when_the_shop_starts_the_program(
    database: Database, queue: FakeQueue
) -> None:
    with_last_night(database, THREE_THIRTY - 2 * DAY)
    clock = FakeClock(NINE.astimezone(UTC))
    ticker = a_ticker(database, queue, clock)
    ticker.start()
    try:
        assert nights_in(queue) == [TODAYS], "one does for both that were missed"
    finally:
        ticker.stop()
    queue.waiting.clear()
    clock.advance(timedelta(minutes=5))
    assert ticker.ring_night() is None
    assert a_ticker(database, queue, clock).ring_night() is None, "nor when it is started again"


def test_a_night_that_was_rung_in_time_is_not_rung_again(sqlite: Database, queue: FakeQueue) -> None:
    with_last_night(sqlite, THREE_THIRTY)
    assert a_ticker(sqlite, queue, FakeClock(NINE.astimezone(UTC))).ring_night() is None


def test_a_program_that_runs_on_rings_each_night_at_half_past_three(
    sqlite: Database, queue: FakeQueue
) -> None:
    with_last_night(sqlite, NINE - DAY)
    clock = FakeClock((THREE_THIRTY - timedelta(minutes=5)).astimezone(UTC))
    ticker = a_ticker(sqlite, queue, clock)
    assert ticker.ring_night() is None
    clock.advance(timedelta(minutes=5))
    assert ticker.ring_night() == TODAYS
    queue.waiting.clear()
    clock.advance(DAY)
    assert ticker.ring_night() == "nightly@2026-11-22T03:30:00+09:00"


def test_a_night_is_not_rung_while_one_that_was_made_up_may_still_run(
    sqlite: Database, queue: FakeQueue
) -> None:
    with_last_night(sqlite, NINE - 2 * DAY)
    clock = FakeClock((THREE_THIRTY - timedelta(minutes=1)).astimezone(UTC))
    made_up = a_ticker(sqlite, queue, clock).ring_night()
    assert made_up == "nightly@2026-11-20T03:30:00+09:00"
    clock.advance(timedelta(minutes=1))
    other = a_ticker(sqlite, queue, clock)
    assert other.ring_night() is None
    clock.advance(timedelta(hours=1))
    assert other.ring_night() == TODAYS


def test_two_processes_that_find_a_missed_night_at_once_make_one_job(
    sqlite: Database, queue: FakeQueue, clock: FakeClock
) -> None:
    for _process in range(2):
        with_last_night(sqlite, NINE - 2 * DAY)
        a_ticker(sqlite, queue, clock).ring_night()
    assert nights_in(queue) == [TODAYS]


def test_a_new_database_is_not_disturbed_at_its_first_start(
    sqlite: Database, queue: FakeQueue, clock: FakeClock
) -> None:
    assert a_ticker(sqlite, queue, clock).ring_night() is None
    clock.advance(timedelta(hours=19))
    assert a_ticker(sqlite, queue, clock).ring_night() == "nightly@2026-11-22T03:30:00+09:00"


def test_nights_go_on_when_the_clock_is_set_back_by_a_week(
    sqlite: Database, queue: FakeQueue, clock: FakeClock
) -> None:
    with_last_night(sqlite, NINE + 7 * DAY)
    ticker = a_ticker(sqlite, queue, clock)
    assert ticker.ring_night() is None
    clock.advance(DAY)
    assert ticker.ring_night() == "nightly@2026-11-22T03:30:00+09:00"


@pytest.mark.parametrize(
    ("zone", "now", "begun"),
    [
        ("Europe/Helsinki", "2026-03-29T01:29:00", "2026-03-28T01:30:00"),
        ("Europe/Helsinki", "2026-03-29T01:30:00", "2026-03-29T01:30:00"),
        ("Europe/Helsinki", "2026-10-25T01:00:00", "2026-10-25T00:30:00"),
    ],
)
def test_the_night_begins_once_where_clocks_are_changed_at_that_hour(zone: str, now: str, begun: str) -> None:
    found = nights.newest(datetime.fromisoformat(now).replace(tzinfo=UTC), ZoneInfo(zone))
    assert found.astimezone(UTC) == datetime.fromisoformat(begun).replace(tzinfo=UTC)


def test_the_last_night_is_kept_when_old_signs_of_life_go(database: Database, queue: FakeQueue) -> None:
    with_last_night(database, NINE - 30 * DAY)
    with database.begin() as session:
        heartbeats.forget(session, NINE)
        assert nights.due(session, NINE, TOKYO) == THREE_THIRTY

"""The threads behind the web: none of them ends because something broke once."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event, current_thread

from sqlalchemy import select, text

from bot import migrations
from bot.jobs import jobs_of
from bot.machinery import Machinery
from bot.wiring import dispatcher_of
from scheduler import engine
from scheduler.engine import DbosQueue
from scheduler.jobs import Job, JobQueue
from segments.db import Database
from segments.models import SegmentSize
from tests.bot.line.support import services_of
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.segments.watched_world import add_segment

PATIENCE_SECONDS = 20


class BrokenOnce(FakeClock):
    """Fails the watch once, in a way that is no database's, and tells when it asks again."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_again = Event()
        self._has_failed = False

    def now(self) -> datetime:
        """Return the moment, or fail."""
        if current_thread().name == "kokyaku-watch":
            if not self._has_failed:
                self._has_failed = True
                raise RuntimeError
            self.asked_again.set()
        return super().now()


def test_the_watch_over_the_workers_outlives_whatever_breaks(sqlite: Database, tmp_path: Path) -> None:
    engine.migrate(sqlite)
    clock = BrokenOnce()
    machinery = Machinery(services_of(sqlite, clock, FakeGateway(), KOKYAKU_DATA=str(tmp_path)))
    machinery.start(rings=False)
    try:
        assert clock.asked_again.wait(PATIENCE_SECONDS)
    finally:
        machinery.stop()


def test_a_job_whose_end_could_not_be_written_down_is_run_again(sqlite: Database, tmp_path: Path) -> None:
    engine.migrate(sqlite)
    services = replace(
        services_of(sqlite, FakeClock(), FakeGateway(), KOKYAKU_DATA=str(tmp_path)), queue=DbosQueue(sqlite)
    )
    machinery = Machinery(services)
    machinery.start(rings=False)
    try:
        job_id = machinery.ticker.ring(Job.TICK)
        _wait_until_over(services.queue, job_id)
        # As a full disk leaves it: the job has ended, its record says that it runs.
        still = text("UPDATE workflow_status SET status = 'PENDING' WHERE workflow_uuid = :id")
        with sqlite.begin() as session:
            session.execute(still, {"id": job_id})
        assert services.queue.unfinished([job_id]) == {job_id}
        _wait_until_over(services.queue, job_id)
    finally:
        machinery.stop()


def _wait_until_over(queue: JobQueue, job_id: str) -> None:
    pause = Event()
    for _ in range(PATIENCE_SECONDS * 10):
        if not queue.unfinished([job_id]):
            return
        pause.wait(0.1)
    raise AssertionError(f"{job_id} does not end")


class BrokenAtFirst(FakeClock):
    """Fails whoever asks first."""

    def __init__(self) -> None:
        super().__init__()
        self.has_failed = False

    def now(self) -> datetime:
        """Return the moment, or fail."""
        if not self.has_failed:
            self.has_failed = True
            raise RuntimeError
        return super().now()


def test_a_part_of_the_night_that_fails_stops_no_other(sqlite: Database, tmp_path: Path) -> None:
    with sqlite.begin() as session:
        add_segment(session, "全員", {"is": "everyone"})
    clock = BrokenAtFirst()
    services = services_of(sqlite, clock, FakeGateway(), KOKYAKU_DATA=str(tmp_path))
    jobs_of(services, dispatcher_of(services))[Job.NIGHTLY]()
    assert clock.has_failed
    with sqlite.reading() as session:
        assert session.scalars(select(SegmentSize.size)).all() == [0]


def test_indexes_that_a_killed_rebuild_left_away_are_made_again_by_the_next_refresh(
    database: Database, tmp_path: Path
) -> None:
    with database.begin() as session:
        session.execute(text("DROP INDEX ix_cycles_category_slip_at"))
    services = services_of(database, FakeClock(), FakeGateway(), KOKYAKU_DATA=str(tmp_path))
    jobs_of(services, dispatcher_of(services))[Job.REFRESH]()
    migrations.check(database)

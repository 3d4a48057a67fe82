"""The job engine, really running, on both databases."""

from collections.abc import Generator
from contextlib import suppress
from datetime import timedelta
from threading import Event

import pytest

from scheduler import engine
from scheduler.engine import QUEUES, DbosQueue, DbosWorker
from scheduler.jobs import Job
from segments.db import Database

PATIENCE_SECONDS = 20


class Undone(Exception):
    """Takes a transaction back."""


@pytest.fixture
def queue(database: Database) -> Generator[DbosQueue]:
    engine.migrate(database)
    made = DbosQueue(database)
    yield made
    made.close()


class Recorder:
    """Remembers which jobs ran, and tells when one called `last` did."""

    def __init__(self, last: int) -> None:
        self.ran: list[int] = []
        self._last = last
        self._done = Event()

    def __call__(self, number: int) -> None:
        """Run as the job."""
        self.ran.append(number)
        if number == self._last:
            self._done.set()

    def wait(self) -> None:
        """Return when the last job has run."""
        assert self._done.wait(PATIENCE_SECONDS), f"the last job did not run; {self.ran} did"


def test_a_job_runs_once_if_and_only_if_its_transaction_committed(
    database: Database, queue: DbosQueue
) -> None:
    record = Recorder(last=9)
    worker = DbosWorker(database, "test")
    worker.start({Job.PLAN_BROADCAST: record})
    with suppress(Undone), database.begin() as session:
        queue.enqueue(session, Job.PLAN_BROADCAST, "undone", 1)
        raise Undone
    with database.begin() as session:
        queue.enqueue(session, Job.PLAN_BROADCAST, "twice", 2)
    with database.begin() as session:
        queue.enqueue(session, Job.PLAN_BROADCAST, "twice", 2)
        queue.enqueue(session, Job.PLAN_BROADCAST, "last", 9)
    record.wait()
    worker.stop()
    assert sorted(record.ran) == [2, 9]


def test_a_job_left_running_by_a_dead_worker_runs_again_when_it_starts(
    database: Database, queue: DbosQueue
) -> None:
    started, never = Event(), Event()

    def hang(_number: int) -> None:
        started.set()
        never.wait(PATIENCE_SECONDS)

    dead = DbosWorker(database, "embedded")
    dead.start({Job.PLAN_BROADCAST: hang})
    with database.begin() as session:
        queue.enqueue(session, Job.PLAN_BROADCAST, "job", 7)
    assert started.wait(PATIENCE_SECONDS)
    assert queue.running_by_executor() == {"embedded": ["job"]}
    dead.stop(patience=timedelta())
    record = Recorder(last=7)
    heir = DbosWorker(database, "embedded")
    heir.start({Job.PLAN_BROADCAST: record})
    record.wait()
    never.set()
    heir.stop()


def test_mail_that_takes_long_keeps_no_message_to_line_waiting(database: Database, queue: DbosQueue) -> None:
    started, never = Event(), Event()

    def hang(_number: int) -> None:
        started.set()
        never.wait(PATIENCE_SECONDS)

    dead = DbosWorker(database, "one")
    dead.start({Job.SEND_MAIL: hang})
    with database.begin() as session:
        for number in range(QUEUES["sends"].in_process):
            queue.enqueue(session, Job.SEND_MAIL, f"mail-{number}", number)
    assert started.wait(PATIENCE_SECONDS)
    dead.stop(patience=timedelta())
    record = Recorder(last=7)
    survivor = DbosWorker(database, "two")
    survivor.start({Job.SEND_MAIL: hang, Job.SEND_CHUNK: record})
    queue.take_over(queue.running_by_executor()["one"])
    with database.begin() as session:
        queue.enqueue(session, Job.SEND_CHUNK, "job", 7)
    record.wait()
    never.set()
    survivor.stop()


def test_a_worker_takes_over_what_another_left_behind(database: Database, queue: DbosQueue) -> None:
    started, never = Event(), Event()

    def hang(_number: int) -> None:
        started.set()
        never.wait(PATIENCE_SECONDS)

    dead = DbosWorker(database, "one")
    dead.start({Job.SEND_CHUNK: hang})
    with database.begin() as session:
        queue.enqueue(session, Job.SEND_CHUNK, "job", 7)
    assert started.wait(PATIENCE_SECONDS)
    dead.stop(patience=timedelta())
    record = Recorder(last=7)
    survivor = DbosWorker(database, "two")
    survivor.start({Job.SEND_CHUNK: record})
    assert queue.unfinished(["job", "another"]) == {"job"}
    queue.take_over(queue.running_by_executor()["one"])
    record.wait()
    never.set()
    survivor.stop()

"""The job queue of a rehearsal."""

from datetime import timedelta

import pytest

from bot.rehearsal.clock import JumpingClock
from bot.rehearsal.queue import MemoryQueue
from scheduler.jobs import Job
from segments.db import Database
from tests.fakes.clock import A_SATURDAY


def test_jobs_exist_when_their_transaction_commits_and_run_when_they_are_due(sqlite: Database) -> None:
    clock, ran = JumpingClock(A_SATURDAY), list[int]()
    queue = MemoryQueue(clock)
    with sqlite.begin() as session:
        queue.enqueue(session, Job.SEND_CHUNK, "later", 2, delay=timedelta(minutes=5))
        queue.enqueue(session, Job.SEND_CHUNK, "now", 1)
        with session.begin_nested():
            queue.enqueue(session, Job.SEND_CHUNK, "now", 1)
        assert queue.unfinished(["now", "later"]) == set()
    assert queue.unfinished(["now", "later"]) == {"now", "later"}

    assert queue.run_due({Job.SEND_CHUNK: ran.append}) == 1
    assert ran == [1]
    assert queue.next_at() == A_SATURDAY + timedelta(minutes=5)
    clock.jump(A_SATURDAY + timedelta(minutes=5))
    assert queue.run_due({Job.SEND_CHUNK: ran.append}) == 1
    assert ran == [1, 2]
    assert queue.next_at() is None


def test_jobs_of_a_lost_transaction_are_lost(sqlite: Database) -> None:
    queue = MemoryQueue(JumpingClock(A_SATURDAY))
    with pytest.raises(ZeroDivisionError), sqlite.begin() as session:
        queue.enqueue(session, Job.SEND_CHUNK, "lost", 1)
        raise ZeroDivisionError

    assert queue.next_at() is None
    assert queue.unfinished(["lost"]) == set()

"""The job queue of a rehearsal: jobs in memory, run one after another when the clock has come to them."""

from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

import structlog
from sqlalchemy import event
from sqlalchemy.orm import Session

from scheduler.jobs import Job, JobArgument, Jobs
from segments.clock import Clock
from segments.db import is_full

log = structlog.get_logger(__name__)


class Waiting(NamedTuple):
    """One job and when it may run; the number keeps jobs of one moment in their order."""

    at: datetime
    number: int
    job_id: str
    job: Job
    args: tuple[JobArgument, ...]


class MemoryQueue:
    """Implements scheduler.jobs.JobQueue for one thread: a job exists when its transaction has committed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count()
        self._jobs: list[Waiting] = []
        self._unfinished: set[str] = set()

    def enqueue(
        self, session: Session, job: Job, job_id: str, *args: JobArgument, delay: timedelta | None = None
    ) -> None:
        """Put a job on the queue once `session` commits; the same `job_id` twice is one job."""
        at = self._clock.now() + (delay or timedelta())
        session.info.setdefault("jobs", []).append(Waiting(at, next(self._numbers), job_id, job, args))
        if not event.contains(session, "after_commit", self._take):
            event.listen(session, "after_commit", self._take)
            event.listen(session, "after_rollback", _forget)

    def unfinished(self, job_ids: list[str]) -> set[str]:
        """Return those of `job_ids` that still wait or run."""
        return self._unfinished.intersection(job_ids)

    def next_at(self) -> datetime | None:
        """Return when the next job may run; None when none waits."""
        return self._jobs[0].at if self._jobs else None

    def run_due(self, jobs: Jobs) -> int:
        """Run every job whose moment has come, those that they enqueue for now too; return how many."""
        done = 0
        while self._jobs and self._jobs[0].at <= self._clock.now():
            waiting = heappop(self._jobs)
            if _runs(jobs, waiting):
                self._unfinished.discard(waiting.job_id)
            done += 1
        return done

    def _take(self, session: Session) -> None:
        if session.in_nested_transaction():
            return  # A savepoint is no commit yet.
        for waiting in session.info.pop("jobs", []):
            if waiting.job_id not in self._unfinished:
                self._unfinished.add(waiting.job_id)
                heappush(self._jobs, waiting)


def _runs(jobs: Jobs, waiting: Waiting) -> bool:
    """Run a job and say whether it came to its end.

    One that breaks would break again each minute of the days to come: it counts as unfinished, so that no sweep puts
    it on the queue anew.
    """
    try:
        jobs[waiting.job](*waiting.args)
    except Exception as error:
        if is_full(error):
            raise
        log.exception("job_failed", part=waiting.job.value)
        return False
    return True


def _forget(session: Session) -> None:
    session.info.pop("jobs", None)

"""A job queue that runs nothing by itself: a test runs what was enqueued, when it wants to."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from scheduler.jobs import Job, JobArgument


class FakeQueue:
    """Implements scheduler.jobs.JobQueue in memory; forgets jobs of transactions that it is told were lost."""

    def __init__(self) -> None:
        self.waiting: dict[str, tuple[Job, tuple[JobArgument, ...], timedelta | None]] = {}
        self.ever: list[str] = []

    def enqueue(
        self, session: Session, job: Job, job_id: str, *args: JobArgument, delay: timedelta | None = None
    ) -> None:
        """Remember the job; the same id twice is one job."""
        if job_id not in self.ever:
            self.ever.append(job_id)
            self.waiting[job_id] = (job, args, delay)

    def unfinished(self, job_ids: list[str]) -> set[str]:
        """Return those that were not run yet."""
        return {job_id for job_id in job_ids if job_id in self.waiting}

    def run(self, jobs: dict[Job, Callable[..., None]]) -> int:
        """Run every waiting job, those that they enqueue too, delays notwithstanding; return how many."""
        count = 0
        while self.waiting:
            job_id, (job, args, _delay) = next(iter(self.waiting.items()))
            jobs[job](*args)
            del self.waiting[job_id]
            count += 1
        return count

"""Has taggings of many friends done: a few at once, many by a job of the engine, page by page."""

from datetime import datetime

from sqlalchemy.orm import Session

from scheduler.jobs import Job, JobQueue
from segments import tagging_many
from segments.clock import Clock
from segments.db import Database
from segments.models import Tagging

AT_ONCE = 500
"""Friends up to whom nobody need wait for a job."""


def start(session: Session, queue: JobQueue, run: Tagging, now: datetime) -> None:
    """Do a tagging, or its undoing, now or have it done."""
    if max(run.expected, run.changed) <= AT_ONCE:
        while tagging_many.go_on(session, run.id, now):
            pass
        return
    queue.enqueue(session, Job.TAG_FRIENDS, f"tagging-{run.id}-{run.state.value}", run.id)


def run(database: Database, clock: Clock, tagging_id: int) -> None:
    """Do all pages of a tagging, a transaction each: somebody may stop it in between, and a restart goes on."""
    more = True
    while more:
        with database.begin() as session:
            more = tagging_many.go_on(session, tagging_id, clock.now())

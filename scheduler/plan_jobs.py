"""Puts the planning of broadcasts on the queue, and puts it there again when its job was lost."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.jobs import Job, JobQueue
from scheduler.models import Broadcast, BroadcastState

PLAN_AGAIN = timedelta(minutes=1)
"""How long after planning broke it is tried again."""


def sweep_plans(session: Session, queue: JobQueue) -> int:
    """Enqueue again, for a little later, the planning that has no job alive; return how many.

    A job that broke (the database was away for a moment) is not run again by the engine.
    """
    planning = session.scalars(select(Broadcast).where(Broadcast.state == BroadcastState.PLANNING)).all()
    alive = queue.unfinished([_plan_job_id(broadcast) for broadcast in planning])
    lost = [broadcast.id for broadcast in planning if _plan_job_id(broadcast) not in alive]
    for broadcast_id in lost:
        enqueue_plan(session, queue, broadcast_id, delay=PLAN_AGAIN)
    return len(lost)


def enqueue_plan(
    session: Session, queue: JobQueue, broadcast_id: int, delay: timedelta | None = None
) -> None:
    """Put a job for planning a broadcast on the queue, under a new number each time."""
    broadcast = session.get_one(Broadcast, broadcast_id)
    broadcast.job_number += 1
    queue.enqueue(session, Job.PLAN_BROADCAST, _plan_job_id(broadcast), broadcast_id, delay=delay)


def _plan_job_id(broadcast: Broadcast) -> str:
    return f"plan-{broadcast.id}-{broadcast.job_number}"

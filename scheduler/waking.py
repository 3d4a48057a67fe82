"""Has waits ask their condition at once when there is news of the friend, instead of at their next look."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from scheduler import bulk
from scheduler.models import Enrolment, EnrolmentState, Scenario, StepKind


def wake(session: Session, scenarios: Iterable[Scenario], friend_ids: Collection[int], now: datetime) -> int:
    """Have the waits of these friends looked at by the next tick; return how many. Their delay is kept."""
    waits = [step.id for each in scenarios for step in each.steps if step.kind is StepKind.WAIT_UNTIL]
    if not waits:
        return 0
    at_a_wait = (
        Enrolment.state == EnrolmentState.ACTIVE,
        bulk.among(session, Enrolment.friend_id, friend_ids),
        Enrolment.next_step_id.in_(waits),
        Enrolment.due_at <= now,
        Enrolment.next_at > now,
    )
    woken = update(Enrolment).where(*at_a_wait).values(next_at=now).returning(Enrolment.id)
    return len(session.scalars(woken.execution_options(synchronize_session=False)).all())

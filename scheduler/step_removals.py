"""Steps that are taken out of a scenario, and what of their messages was written and has not left yet."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from scheduler.models import Delivery, DeliveryState, Step
from scheduler.reasons import Reason


def take_out(session: Session, steps: Iterable[Step], now: datetime) -> int:
    """Take steps out and cancel their messages that wait to be sent; return how many those are."""
    gone = list(steps)
    for step in gone:
        step.removed_at = now
    session.flush()
    if not gone:
        return 0
    # What is in a chunk already is refused by eligibility, which asks the step; LINE may have taken what is on its way.
    cancelled = session.scalars(
        update(Delivery)
        .where(*_unsent([step.id for step in gone]))
        .values(state=DeliveryState.CANCELLED, reason=Reason.STEP_REMOVED, ended_at=now)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return len(cancelled.all())


def unsent(session: Session, step_ids: Collection[int]) -> dict[int, int]:
    """Return, by step, how many messages wait to be sent that taking it out cancels; steps without any are left out."""
    counted = select(Delivery.step_id, func.count()).where(*_unsent(step_ids)).group_by(Delivery.step_id)
    return {step_id: count for step_id, count in session.execute(counted) if step_id is not None}


def _unsent(step_ids: Collection[int]) -> tuple[ColumnElement[bool], ...]:
    return (
        Delivery.step_id.in_(step_ids),
        Delivery.state == DeliveryState.QUEUED,
        Delivery.chunk_id.is_(None),
    )

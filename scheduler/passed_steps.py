"""The deliveries of steps that enrolments pass over for want of a date: written down as skipped, once each."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from scheduler.models import Delivery, DeliveryKind, DeliveryState, Step
from scheduler.reasons import Reason
from segments.upsert import insert_ignore


def write_passed(session: Session, passed: Iterable[tuple[int, int, Step]], now: datetime) -> None:
    """Write a skipped delivery for each enrolment id, friend id and step; steps without a message say nothing."""
    rows = [
        {
            "friend_id": friend_id,
            "kind": DeliveryKind.STEP,
            "purpose": step.purpose,
            "enrolment_id": enrolment_id,
            "step_id": step.id,
            "state": DeliveryState.SKIPPED,
            "reason": Reason.NO_DATE,
            "created_at": now,
            "not_before": now,
            "ended_at": now,
        }
        for enrolment_id, friend_id, step in passed
        if step.message_id is not None
    ]
    insert_ignore(session, Delivery, rows)

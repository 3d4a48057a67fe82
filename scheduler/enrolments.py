"""Enrolments: who goes through which scenario, from its start to one of its ends."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from scheduler.matching import matching
from scheduler.models import (
    Delivery,
    DeliveryState,
    Enrolment,
    EnrolmentState,
    Reentry,
    Scenario,
    Step,
)
from scheduler.reasons import Reason
from scheduler.timing import at_time_of_day, days_later
from segments import shop
from segments.models import Friend
from segments.shop import Shop
from segments.upsert import insert_ignore


def enrol(
    session: Session,
    scenario: Scenario,
    friend_id: int,
    cause: str,
    context: dict[str, Any],
    now: datetime,
    *,
    entered_at: datetime | None = None,
) -> Enrolment | None:
    """Start a scenario for a friend; None when it is switched off, empty, not for them, or not again.

    The same `cause` starts it once. Delays count from `entered_at`, the moment of the cause (`now` when None).
    """
    start = Start(friend_id, cause, context, entered_at or now)
    if not enter(session, scenario, start, now, shop.load(session)):
        return None
    mine = and_(
        Enrolment.scenario_id == scenario.id, Enrolment.friend_id == friend_id, Enrolment.cause == cause
    )
    return session.scalars(select(Enrolment).where(mine)).one()


class Start(NamedTuple):
    """What starts a scenario for a friend."""

    friend_id: int
    cause: str
    context: dict[str, Any]
    at: datetime


def enter(session: Session, scenario: Scenario, start: Start, now: datetime, settings: Shop) -> bool:
    """Do what `enrol` does, telling only whether the friend entered: many are let in one after another."""
    first = scenario.steps[0] if scenario.steps else None
    if not scenario.active or first is None:
        return False
    if not matching(session, scenario.condition, [start.friend_id], now, settings):
        return False
    if not _may_enter(session, scenario, start.friend_id, now):
        return False
    entered_at = min(start.at, now)
    due = due_after(entered_at, first, settings.zone)
    row = {
        "scenario_id": scenario.id,
        "friend_id": start.friend_id,
        "cause": start.cause,
        "context": start.context,
        "entered_at": entered_at,
        "state": EnrolmentState.ACTIVE,
        "next_step_id": first.id,
        "next_at": due,
        "due_at": due,
    }
    return insert_ignore(session, Enrolment, [row]) == 1


def due_after(base: datetime, step: Step, zone: ZoneInfo) -> datetime:
    """Return when `step` is due, counted from the step before it or from the start.

    Whole days with a time of day go by the calendar: two days after Saturday night, at 18:00, is Monday at 18:00.
    """
    days = step.delay.days
    if step.at_time is not None and days >= 1 and step.delay == timedelta(days=days):
        return days_later(base, days, step.at_time, zone)
    return at_time_of_day(base + step.delay, step.at_time, zone)


def _may_enter(session: Session, scenario: Scenario, friend_id: int, now: datetime) -> bool:
    if scenario.reentry is Reentry.ALWAYS:
        return True
    # Locked, so that two causes read by two processes at once do not both find no earlier enrolment.
    session.execute(select(Friend.id).where(Friend.id == friend_id).with_for_update(key_share=True))
    earlier = [Enrolment.scenario_id == scenario.id, Enrolment.friend_id == friend_id]
    if scenario.reentry is Reentry.AFTER_INTERVAL:
        earlier.append(Enrolment.entered_at > now - (scenario.reentry_interval or timedelta()))
    return not session.scalar(select(exists().where(*earlier)))


def end(session: Session, enrolment: Enrolment, state: EnrolmentState, reason: str, now: datetime) -> bool:
    """End one enrolment; False when it had ended before."""
    ended = end_many(session, Enrolment.id == enrolment.id, state, reason, now)
    session.refresh(enrolment)
    return ended == 1


def end_many(
    session: Session, which: ColumnElement[bool], state: EnrolmentState, reason: str, now: datetime
) -> int:
    """End the open enrolments among `which`, and withdraw what they had queued; return how many.

    Open is also one that is through its steps while the last message still waits for quiet hours to pass.
    """
    waiting = exists().where(Delivery.enrolment_id == Enrolment.id, Delivery.state == DeliveryState.QUEUED)
    is_open = or_(
        Enrolment.state == EnrolmentState.ACTIVE, and_(Enrolment.state == EnrolmentState.COMPLETED, waiting)
    )
    ended = session.scalars(
        update(Enrolment)
        .where(which, is_open)
        .values(state=state, end_reason=reason, ended_at=now, next_step_id=None, next_at=None, due_at=None)
        .returning(Enrolment.id)
        .execution_options(synchronize_session=False)
    ).all()
    if ended:
        _withdraw(session, ended, now)
    return len(ended)


def _withdraw(session: Session, enrolment_ids: Collection[int], now: datetime) -> None:
    # What is in a chunk already is refused by eligibility, which asks the enrolment.
    session.execute(
        update(Delivery)
        .where(
            Delivery.enrolment_id.in_(enrolment_ids),
            Delivery.state == DeliveryState.QUEUED,
            Delivery.chunk_id.is_(None),
        )
        .values(state=DeliveryState.CANCELLED, reason=Reason.SCENARIO_ENDED, ended_at=now)
        .execution_options(synchronize_session=False)
    )


def leave_all(session: Session, friend_id: int, reason: Reason, now: datetime) -> int:
    """Take a friend out of every scenario, because they blocked us or opted out; return how many."""
    return end_many(session, Enrolment.friend_id == friend_id, EnrolmentState.LEFT, reason, now)

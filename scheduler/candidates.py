"""Loads, in a few queries for many deliveries, what eligibility judges by."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.models import (
    Broadcast,
    BroadcastState,
    Delivery,
    DeliveryState,
    Enrolment,
    EnrolmentState,
    Scenario,
    Step,
)
from scheduler.timing import QuietHours
from scheduler.verdicts import Candidate, Progress, Recipient
from segments import shop
from segments.models import Facts, Friend
from segments.shop import Shop

_BROADCAST = {
    BroadcastState.PAUSED: Progress.PAUSED,
    BroadcastState.CANCELLED: Progress.CANCELLED,
}
_TAKEN = frozenset({DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN})
"""The friend has it, or may have it: never again."""


def candidates(session: Session, deliveries: Sequence[Delivery], now: datetime) -> list[Candidate]:
    """Return what may_send asks about each of at most 500 deliveries, in their order."""
    del now  # what is loaded holds at any moment; may_send compares it with one
    settings = shop.load(session)
    known = recipients(session, {delivery.friend_id for delivery in deliveries}, settings)
    broadcasts = _broadcast_progress(session, deliveries)
    steps = _step_progress(session, deliveries)
    quiet = quiet_hours(settings)
    return [
        Candidate(
            recipient=known[delivery.friend_id],
            kind=delivery.kind,
            purpose=delivery.purpose,
            quiet=quiet,
            expires_at=delivery.expires_at,
            already_got=delivery.state in _TAKEN,
            progress=broadcasts.get(delivery.broadcast_id) or steps.get(delivery.id) or Progress.RUNNING,
        )
        for delivery in deliveries
    ]


def quiet_hours(settings: Shop) -> QuietHours:
    """Return the hours in which the shop sends nothing by itself."""
    return QuietHours(settings.quiet_from, settings.quiet_until)


def recipients(session: Session, friend_ids: Iterable[int], settings: Shop) -> dict[int, Recipient]:
    """Return what of each friend decides whether they may be written to."""
    rows = session.execute(
        select(
            Friend.id,
            Friend.line_user_id,
            Friend.followed_at,
            Friend.blocked_at,
            Friend.opted_out_at,
            Friend.last_wrote_at,
            Friend.timezone,
            Facts.suppressed_at,
        )
        .outerjoin(Facts, Facts.friend_id == Friend.id)
        .where(Friend.id.in_(list(friend_ids)))
    )
    return {
        row.id: Recipient(
            friend_id=row.id,
            line_user_id=row.line_user_id,
            follows=row.followed_at is not None,
            blocked=row.blocked_at is not None,
            opted_out=row.opted_out_at is not None,
            suppressed=row.suppressed_at is not None,
            last_wrote_at=row.last_wrote_at,
            zone=_zone(row.timezone) or settings.zone,
        )
        for row in rows
    }


@lru_cache(maxsize=256)
def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _broadcast_progress(session: Session, deliveries: Sequence[Delivery]) -> dict[int | None, Progress]:
    ids = {delivery.broadcast_id for delivery in deliveries if delivery.broadcast_id is not None}
    if not ids:
        return {}
    rows = session.execute(select(Broadcast.id, Broadcast.state).where(Broadcast.id.in_(ids)))
    return {id_: _BROADCAST.get(state, Progress.RUNNING) for id_, state in rows}


def _step_progress(session: Session, deliveries: Sequence[Delivery]) -> dict[int, Progress]:
    """Return, by delivery, whether its scenario has ended for the friend or is paused."""
    ids = [delivery.id for delivery in deliveries if delivery.enrolment_id is not None]
    if not ids:
        return {}
    rows = session.execute(
        select(Delivery.id, Enrolment.state, Scenario.active, Step.active)
        .join(Enrolment, Enrolment.id == Delivery.enrolment_id)
        .join(Scenario, Scenario.id == Enrolment.scenario_id)
        .outerjoin(Step, Step.id == Delivery.step_id)
        .where(Delivery.id.in_(ids))
    )
    return {id_: _stand(state, scenario, step) for id_, state, scenario, step in rows}


def _stand(state: EnrolmentState, scenario_active: bool, step_active: bool | None) -> Progress:
    if state in {EnrolmentState.GOAL, EnrolmentState.LEFT}:
        return Progress.ENDED
    return Progress.RUNNING if scenario_active and step_active is not False else Progress.PAUSED

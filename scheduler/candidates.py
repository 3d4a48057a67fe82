"""Loads, in a few queries for many deliveries, what eligibility judges by."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from scheduler import bulk
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
from scheduler.waiting import Waiting
from segments import shop
from segments.models import Facts, Friend
from segments.shop import Shop

_BROADCAST = {
    BroadcastState.PAUSED: Progress.PAUSED,
    BroadcastState.CANCELLED: Progress.CANCELLED,
}
_TAKEN = frozenset({DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN})
"""The friend has it, or may have it: never again."""


def candidates(
    session: Session, deliveries: Sequence[Delivery] | Sequence[Waiting], now: datetime
) -> list[Candidate]:
    """Return what may_send asks about each of at most 500 deliveries, in their order.

    Deliveries that are alike in all that may_send looks at share one candidate: it need be judged but once.
    """
    del now  # what is loaded holds at any moment; may_send compares it with one
    settings = shop.load(session)
    known = recipients(session, {delivery.friend_id for delivery in deliveries}, settings)
    broadcasts = _broadcast_progress(session, deliveries)
    steps = _step_progress(session, deliveries)
    quiet = quiet_hours(settings)
    alike: dict[tuple[object, ...], Candidate] = {}
    found: list[Candidate] = []
    for delivery in deliveries:
        recipient = known[delivery.friend_id]
        taken = delivery.state in _TAKEN
        progress = broadcasts.get(delivery.broadcast_id) or steps.get(delivery.id) or Progress.RUNNING
        key = (id(recipient), delivery.kind, delivery.purpose, delivery.expires_at, taken, progress)
        if key not in alike:
            alike[key] = Candidate(
                recipient=recipient,
                kind=delivery.kind,
                purpose=delivery.purpose,
                quiet=quiet,
                expires_at=delivery.expires_at,
                already_got=taken,
                progress=progress,
            )
        found.append(alike[key])
    return found


def quiet_hours(settings: Shop) -> QuietHours:
    """Return the hours in which the shop sends nothing by itself."""
    return QuietHours(settings.quiet_from, settings.quiet_until)


_DECIDING = (
    Friend.line_user_id.is_not(None),
    Friend.followed_at.is_not(None),
    Friend.blocked_at.is_not(None),
    Friend.opted_out_at.is_not(None),
    Facts.suppressed_at.is_not(None),
    # Only strangers are asked when they wrote: friends who follow are then alike.
    case((Friend.followed_at.is_(None), Friend.last_wrote_at)),
    Friend.timezone,
)
"""What of a friend decides, in the order of the parameters of _recipient."""


def recipients(session: Session, friend_ids: Iterable[int], settings: Shop) -> dict[int, Recipient]:
    """Return what of each friend decides whether they may be written to; friends who are alike share one."""
    rows = session.execute(
        select(Friend.id, *_DECIDING)
        .outerjoin(Facts, Facts.friend_id == Friend.id)
        .where(bulk.among(session, Friend.id, friend_ids))
    )
    alike: dict[tuple[Any, ...], Recipient] = {}
    found: dict[int, Recipient] = {}
    for row in rows:
        friend_id: int = row[0]
        key: tuple[Any, ...] = tuple(row[1:])
        if key not in alike:
            alike[key] = _recipient(settings, *key)
        found[friend_id] = alike[key]
    return found


def _recipient(
    settings: Shop,
    on_line: bool,
    follows: bool,
    blocked: bool,
    opted_out: bool,
    suppressed: bool,
    last_wrote_at: datetime | None,
    timezone: str | None,
) -> Recipient:
    return Recipient(
        on_line=on_line,
        follows=follows,
        blocked=blocked,
        opted_out=opted_out,
        suppressed=suppressed,
        last_wrote_at=last_wrote_at,
        zone=_zone(timezone) or settings.zone,
    )


@lru_cache(maxsize=256)
def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _broadcast_progress(
    session: Session, deliveries: Sequence[Delivery] | Sequence[Waiting]
) -> dict[int | None, Progress]:
    ids = {delivery.broadcast_id for delivery in deliveries if delivery.broadcast_id is not None}
    if not ids:
        return {}
    rows = session.execute(select(Broadcast.id, Broadcast.state).where(Broadcast.id.in_(ids)))
    return {id_: _BROADCAST.get(state, Progress.RUNNING) for id_, state in rows}


def _step_progress(
    session: Session, deliveries: Sequence[Delivery] | Sequence[Waiting]
) -> dict[int, Progress]:
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

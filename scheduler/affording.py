"""Claims a message for all that is about to leave; what the month does not suffice for waits, the least worth first."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, case, literal, or_, update
from sqlalchemy.orm import Session

from scheduler import bulk, bundling, meter
from scheduler.bundling import Part
from scheduler.models import Delivery, DeliveryState, Purpose
from scheduler.months import next_month
from scheduler.reasons import Reason
from scheduler.waiting import Waiting
from segments import friend_values

FOR_MONEY = (Reason.OVER_BUDGET, Reason.PLAN_FULL)
"""Why a delivery waits that only money, or the next month, lets go."""


class Parcel(NamedTuple):
    """What leaves to one friend together, and how many messages LINE counts for it."""

    friend_id: int
    deliveries: tuple[Waiting, ...]
    pushes: int

    @property
    def is_sales(self) -> bool:
        """Whether nothing but selling is in it: with anything else, it goes before those that only sell."""
        return all(each.purpose is Purpose.SALES for each in self.deliveries)


def waits_for_money() -> ColumnElement[bool]:
    """Return that a delivery waits for money: nothing but scheduler.releasing lets it go."""
    waiting = (Delivery.state == DeliveryState.QUEUED) & Delivery.chunk_id.is_(None)
    return waiting & Delivery.reason.in_(FOR_MONEY)


def is_free_of_that() -> ColumnElement[bool]:
    """Return that a delivery does not wait for money."""
    return or_(Delivery.reason.is_(None), Delivery.reason.not_in(FOR_MONEY))


def claim_for(
    session: Session, deliveries: Sequence[Waiting], texts: dict[int, str] | None, now: datetime
) -> set[int]:
    """Claim what these deliveries cost and hold those it does not suffice for; return the ids of the held.

    `texts` are their rendered messages when what goes to one friend goes together; None = each counts by itself.
    """
    if texts is None:
        return _claim_for_each(session, deliveries, now)
    parcels = _parcels(deliveries, texts)
    held: set[int] = set()
    for sales in (False, True):
        some = [parcel for parcel in parcels if parcel.is_sales is sales]
        granted = meter.claim(session, sum(parcel.pushes for parcel in some), now, sales=sales)
        held |= _hold(session, _beyond(session, some, granted, now), now)
    return held


def _claim_for_each(session: Session, deliveries: Sequence[Waiting], now: datetime) -> set[int]:
    held: set[int] = set()
    for sales in (False, True):
        some = [each for each in deliveries if (each.purpose is Purpose.SALES) is sales]
        granted = meter.claim(session, len(some), now, sales=sales)
        # Of a million that all may leave, none need be looked at alone.
        if granted < len(some):
            parcels = [Parcel(each.friend_id, (each,), 1) for each in some]
            held |= _hold(session, _beyond(session, parcels, granted, now), now)
    return held


def hold_reason(session: Session) -> Reason:
    """Return what this month's limit is set by."""
    return meter.cap(session).reason


def waits_until(next_month: datetime) -> ColumnElement[datetime]:
    """Return until when a delivery waits for money: no longer than it makes sense, or nobody would ever end it."""
    latest = literal(next_month, Delivery.not_before.type)
    return case((Delivery.expires_at < latest, Delivery.expires_at), else_=latest)


def _parcels(deliveries: Sequence[Waiting], texts: dict[int, str]) -> list[Parcel]:
    by_friend: dict[int, list[Waiting]] = {}
    for each in deliveries:
        by_friend.setdefault(each.friend_id, []).append(each)
    return [Parcel(friend_id, tuple(those), _pushes(those, texts)) for friend_id, those in by_friend.items()]


def _pushes(deliveries: Sequence[Waiting], texts: dict[int, str]) -> int:
    if len(deliveries) == 1:
        return 1
    parts = [Part(each.id, each.purpose, texts[each.id], each.carried_by == each.id) for each in deliveries]
    return len(bundling.together(parts))


def _beyond(session: Session, parcels: Sequence[Parcel], granted: int, now: datetime) -> list[Parcel]:
    """Return the parcels for which what was granted does not suffice; the most valuable friends' come first."""
    left = granted
    if left in {0, sum(parcel.pushes for parcel in parcels)}:
        return [] if left else list(parcels)
    place = {id_: at for at, id_ in enumerate(_order(session, parcels, now))}
    held: list[Parcel] = []
    for parcel in sorted(parcels, key=lambda each: place[each.friend_id]):
        if parcel.pushes <= left and not held:
            left -= parcel.pushes
        else:
            held.append(parcel)
    # A friend's two pushes may have found room for one: what was not used goes back.
    meter.give_back(session, left, now)
    return held


def _order(session: Session, parcels: Sequence[Parcel], now: datetime) -> list[int]:
    friends = sorted({parcel.friend_id for parcel in parcels})
    known = friend_values.best_first(session, friends, now)
    return known + sorted(set(friends) - set(known))


def _hold(session: Session, parcels: Sequence[Parcel], now: datetime) -> set[int]:
    waiting = [each for parcel in parcels for each in parcel.deliveries]
    if not waiting:
        return set()
    # What was only taken along before its time keeps its own.
    early = [each.id for each in waiting if each.not_before is not None and each.not_before > now]
    due = [each.id for each in waiting if each.id not in early]
    until = next_month(now)
    _set(session, early, {"chunk_id": None})
    _set(session, due, {"chunk_id": None, "not_before": waits_until(until), "reason": hold_reason(session)})
    return {each.id for each in waiting}


def _set(session: Session, ids: Sequence[int], values: dict[str, object]) -> None:
    if ids:
        held = update(Delivery).where(bulk.among(session, Delivery.id, ids)).values(values)
        session.execute(held.execution_options(synchronize_session=False))

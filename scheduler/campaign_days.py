"""Counts each night what every broadcast and scenario sent, and what followed within seven days.

A purchase or a block counts for one campaign alone: the one whose message the friend got last before it. So the orders
of all campaigns add up to no more than there were. It tells what followed, not what the message caused.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Label, Select, and_, case, delete, func, insert, or_, select
from sqlalchemy.orm import Session

from scheduler.models import CampaignDay, Chunk, ChunkMode, Delivery, DeliveryKind, DeliveryState, Step
from segments import shop
from segments.day_counts import is_counted_by_day
from segments.db import Database
from segments.local_times import micros, start_of
from segments.micros import moment_of
from segments.models import CustomerEvent, EventKind, LinkTap, Purchase, Setting
from segments.purchase_history import counts
from segments.zone_days import SECOND

SETTING = "campaign_days"
WITHIN = timedelta(days=7)
"""How long after a message a purchase, a tap or a block is put down to it."""
HELD = timedelta(days=31)
"""How long at most a message waits between being written and leaving."""
CATCH_UP = timedelta(days=400)
QUARTER = 900 * SECOND
"""Figures are added up by the quarter of an hour: in every zone midnight lies on such a border."""
CAMPAIGNS = (DeliveryKind.BROADCAST, DeliveryKind.STEP)


@dataclass
class Sums:
    """What one campaign sent on one day."""

    accepted: int = 0
    billed: int = 0
    taps: int = 0
    blocks: int = 0
    orders: int = 0
    yen: int = 0


Key = tuple[date, int, int]


@dataclass(frozen=True)
class _Span:
    """The days that are counted, and what is needed to count them."""

    session: Session
    zone: ZoneInfo
    since: datetime
    until: datetime

    @property
    def quarter(self) -> Label[int]:
        return (micros(self.session, Delivery.ended_at) // QUARTER).label("quarter")

    def sent(self) -> tuple[ColumnElement[bool], ...]:
        return (
            Delivery.state == DeliveryState.ACCEPTED,
            Delivery.kind.in_(CAMPAIGNS),
            Delivery.created_at >= self.since - HELD,
        )

    def left(self) -> tuple[ColumnElement[bool], ...]:
        return (*self.sent(), Delivery.ended_at >= self.since, Delivery.ended_at < self.until)


def count(database: Database, now: datetime) -> int:
    """Count the days up to yesterday whose figures may still grow; return how many days were counted."""
    with database.reading() as session:
        zone = shop.load(session).zone
        today = now.astimezone(zone).date()
        first = _first_day(session, today)
        span = _Span(session, zone, start_of(first, zone), start_of(today, zone))
        found = _measure(span, _scenarios(session))
    with database.begin() as session:
        session.execute(
            delete(CampaignDay).where(CampaignDay.day >= first).execution_options(synchronize_session=False)
        )
        rows = [_row(key, sums) for key, sums in found.items()]
        if rows:
            session.execute(insert(CampaignDay), rows)
        value = {"through": (today - timedelta(days=1)).isoformat()}
        session.merge(Setting(name=SETTING, value=value, updated_at=now))
    return (today - first).days


def _first_day(session: Session, today: date) -> date:
    kept = session.get(Setting, SETTING)
    if kept is None:
        return today - CATCH_UP
    return max(date.fromisoformat(kept.value["through"]) - WITHIN - timedelta(days=1), today - CATCH_UP)


def _scenarios(session: Session) -> dict[int, int]:
    return dict(session.execute(select(Step.id, Step.scenario_id)).all())


def _measure(span: _Span, scenarios: dict[int, int]) -> dict[Key, Sums]:
    found: dict[Key, Sums] = {}

    def sums(broadcast_id: int | None, step_id: int | None, quarter: int) -> Sums:
        at = moment_of(quarter * QUARTER)
        assert at is not None
        key = (at.astimezone(span.zone).date(), broadcast_id or 0, scenarios.get(step_id or 0, 0))
        return found.setdefault(key, Sums())

    for broadcast_id, step_id, quarter, accepted, billed in span.session.execute(_accepted(span)):
        mine = sums(broadcast_id, step_id, quarter)
        mine.accepted, mine.billed = mine.accepted + accepted, mine.billed + billed
    for broadcast_id, step_id, quarter, tapped in span.session.execute(_tapped(span)):
        sums(broadcast_id, step_id, quarter).taps += tapped
    for broadcast_id, step_id, quarter, blocks, _yen in _last_touched(span, _blocks(span)):
        sums(broadcast_id, step_id, quarter).blocks += blocks
    for broadcast_id, step_id, quarter, orders, yen in _last_touched(span, _orders(span)):
        mine = sums(broadcast_id, step_id, quarter)
        mine.orders, mine.yen = mine.orders + orders, mine.yen + yen
    return found


def _accepted(span: _Span) -> Select[*tuple[Any, ...]]:
    is_billed = and_(
        or_(Delivery.carried_by.is_(None), Delivery.carried_by == Delivery.id),
        or_(Chunk.mode.is_(None), Chunk.mode != ChunkMode.MAIL),
    )
    return (
        select(
            *(Delivery.broadcast_id, Delivery.step_id, span.quarter),
            *(func.count(), func.sum(case((is_billed, 1), else_=0))),
        )
        .outerjoin(Chunk, Chunk.id == Delivery.chunk_id)
        .where(*span.left())
        .group_by(Delivery.broadcast_id, Delivery.step_id, "quarter")
    )


def _tapped(span: _Span) -> Select[*tuple[Any, ...]]:
    later = micros(span.session, LinkTap.at) - micros(span.session, Delivery.ended_at)
    return (
        select(Delivery.broadcast_id, Delivery.step_id, span.quarter, func.count(Delivery.id.distinct()))
        .join(LinkTap, LinkTap.delivery_id == Delivery.id)
        .where(*span.left(), later <= _micros(WITHIN))
        .group_by(Delivery.broadcast_id, Delivery.step_id, "quarter")
    )


def _orders(span: _Span) -> Select[*tuple[Any, ...]]:
    yen = Purchase.amount_yen - Purchase.refunded_yen
    return _touches(span, Purchase.id, Purchase.bought_at, yen, Purchase.friend_id).where(counts())


def _blocks(span: _Span) -> Select[*tuple[Any, ...]]:
    touches = _touches(span, CustomerEvent.id, CustomerEvent.at, CustomerEvent.id, CustomerEvent.friend_id)
    return touches.where(is_counted_by_day(), CustomerEvent.kind == EventKind.BLOCKED)


def _touches(span: _Span, id_: Any, at: Any, yen: Any, friend_id: Any) -> Select[*tuple[Any, ...]]:
    """Return what happened, each with every message before it, the last of them numbered 1."""
    later = micros(span.session, at) - micros(span.session, Delivery.ended_at)
    order = (Delivery.ended_at.desc(), Delivery.id.desc())
    return (
        select(
            Delivery.broadcast_id,
            Delivery.step_id,
            Delivery.ended_at,
            span.quarter,
            yen.label("yen"),
            func.row_number().over(partition_by=id_, order_by=order).label("place"),
        )
        .join(Delivery, Delivery.friend_id == friend_id)
        .where(at >= span.since, at < span.until + WITHIN, *span.sent(), later.between(0, _micros(WITHIN)))
    )


def _last_touched(span: _Span, touches: Select[*tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    touched = touches.subquery()
    of = (touched.c.broadcast_id, touched.c.step_id, touched.c.quarter)
    query = (
        select(*of, func.count(), func.sum(touched.c.yen))
        .where(touched.c.place == 1, touched.c.ended_at >= span.since, touched.c.ended_at < span.until)
        .group_by(*of)
    )
    for row in span.session.execute(query):
        yield tuple(row)


def _micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def _row(key: Key, sums: Sums) -> dict[str, Any]:
    day, broadcast_id, scenario_id = key
    values = {field.name: int(getattr(sums, field.name)) for field in fields(Sums)}
    return {"day": day, "broadcast_id": broadcast_id, "scenario_id": scenario_id} | values

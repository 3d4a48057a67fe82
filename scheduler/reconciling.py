"""Compares our count of the month's messages with LINE's, keeps what they said, and raises an alarm when they differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from scheduler import lost_tries, meter
from scheduler.gateway import Quota
from scheduler.models import (
    Chunk,
    ChunkMode,
    ChunkState,
    Delivery,
    DeliveryKind,
    DeliveryState,
    QuotaCheck,
)
from scheduler.months import month_of, month_start
from segments import shop

log = structlog.get_logger(__name__)

LEAST, PART = 20, 0.02
"""The two counts may differ by 20 messages or 2 % of the larger, whichever is more: LINE calls its own approximate."""
OLDEST = timedelta(days=100)
"""How long before a month begins something may have been written that leaves in it."""


@dataclass(frozen=True)
class Comparison:
    """The two counts of one day, for the month until then."""

    day: date
    month: str
    ours: int
    line: int
    is_alarm: bool
    at: datetime
    is_settled: bool = True
    """Whether LINE's count was this month's already; otherwise the two cannot be compared yet."""

    @property
    def difference(self) -> int:
        """Return LINE's count less ours: more than we sent, or, below zero, less."""
        return self.line - self.ours


def threshold(ours: int, line: int) -> int:
    """Return by how many messages the two counts may differ."""
    return max(LEAST, round(PART * max(ours, line)))


def count_ours(session: Session, now: datetime) -> int:
    """Count this month's messages from the deliveries themselves: what LINE took, or may have taken.

    Replies and mail are no messages of LINE's plan and left out. What went together in one push counts once; what a
    person had sent again counts for each try, as LINE counts it.
    """
    since = month_start(now)
    return _deliveries(session, since) + lost_tries.messages_since(session, since)


def _deliveries(session: Session, since: datetime) -> int:
    counts = (DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN)
    ended = and_(Delivery.state.in_(counts), Delivery.ended_at >= since)
    leaving = and_(Delivery.state == DeliveryState.SENDING, Delivery.first_attempt_at >= since)
    at_line = select(Chunk.id).where(
        Chunk.state == ChunkState.SENDING, Chunk.first_attempt_at >= since, Chunk.messages.is_not(None)
    )
    told = and_(Delivery.state == DeliveryState.QUEUED, Delivery.chunk_id.in_(at_line))
    by_mail = select(Chunk.id).where(Chunk.mode == ChunkMode.MAIL)
    on_line = or_(Delivery.chunk_id.is_(None), Delivery.chunk_id.not_in(by_mail))
    own = or_(Delivery.carried_by.is_(None), Delivery.carried_by == Delivery.id)
    return (
        session.scalar(
            select(func.count())
            .select_from(Delivery)
            .where(
                Delivery.created_at >= since - OLDEST,
                Delivery.kind != DeliveryKind.REPLY,
                on_line,
                own,
                or_(ended, leaving, told),
            )
        )
        or 0
    )


def reconcile(session: Session, quota: Quota, now: datetime) -> Comparison:
    """Compare with what LINE just said, store it for the shop's day, and set the month's meter right.

    In a month's first hour only our own count is set right: LINE's may still be that of the month before, by which
    nothing more would leave, and which is no comparison to keep.
    """
    seen, ours = meter.read(session, now), count_ours(session, now)
    if not meter.is_settled(now):
        meter.correct(session, seen, ours, seen.beyond, now)
        log.info("quota_not_compared", ours=ours, line=quota.used, month=month_of(now))
        day = shop.load(session).today(now)
        return Comparison(day, month_of(now), ours, quota.used, is_alarm=False, at=now, is_settled=False)
    meter.correct(session, seen, ours, max(0, quota.used - ours), now)
    off = abs(quota.used - ours) > threshold(ours, quota.used)
    day = shop.load(session).today(now)
    session.merge(QuotaCheck(day=day, month=month_of(now), ours=ours, line=quota.used, is_alarm=off, at=now))
    session.flush()
    tell = log.warning if off else log.info
    tell("quota_compared", ours=ours, line=quota.used, month=month_of(now))
    return Comparison(day, month_of(now), ours, quota.used, off, now)


def comparisons(session: Session, limit: int = 31) -> Sequence[Comparison]:
    """Return the newest comparisons, the last day first."""
    rows = session.scalars(select(QuotaCheck).order_by(QuotaCheck.day.desc()).limit(limit))
    return [Comparison(row.day, row.month, row.ours, row.line, row.is_alarm, row.at) for row in rows]

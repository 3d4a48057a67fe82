"""Read models of what went out: today's deliveries, the month's quota, lists of broadcasts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler import quota
from scheduler.models import Broadcast, BroadcastState, Delivery, DeliveryState

PAGE = 50


@dataclass(frozen=True)
class QuotaUse:
    """The month's messages as the home page tells them."""

    used: int
    limit: int
    plan_name: str
    plan_name_en: str
    at: datetime | None
    """When LINE told; None while it never was asked."""

    @property
    def left(self) -> int:
        """Messages of the plan that are still included."""
        return max(0, self.limit - self.used)


def start_of_day(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment at which today began in `zone`."""
    return datetime.combine(now.astimezone(zone).date(), time.min, zone)


def deliveries_since(session: Session, since: datetime) -> dict[DeliveryState, int]:
    """Count the deliveries written since then by where they stand now."""
    counted = select(Delivery.state, func.count()).where(Delivery.created_at >= since)
    # To group them without sorting, SQLite would go through all deliveries there ever were.
    counted = counted.with_hint(Delivery, "INDEXED BY ix_deliveries_created_at", "sqlite")
    rows = session.execute(counted.group_by(Delivery.state))
    return dict(rows.all())


def waiting(session: Session) -> int:
    """Count the deliveries that are to leave and belong to no chunk yet."""
    unplanned = (Delivery.state == DeliveryState.QUEUED) & Delivery.chunk_id.is_(None)
    return session.scalar(select(func.count()).select_from(Delivery).where(unplanned)) or 0


def quota_use(session: Session, now: datetime) -> QuotaUse:
    """Return how much of the plan is used this month."""
    plan, used = quota.plan_of(session), quota.used_this_month(session, now)
    return QuotaUse(used, plan.included, plan.name, plan.name_en, quota.used_at(session, now))


@dataclass(frozen=True)
class BroadcastRow:
    """One line of the list of broadcasts."""

    id: int
    name: str
    state: BroadcastState
    at: datetime
    """When it started, will start, or was drafted."""


def broadcasts(session: Session, before_id: int | None = None) -> tuple[Sequence[BroadcastRow], int | None]:
    """Return a page of broadcasts, the newest first, and the id to ask the next page with."""
    wanted = select(Broadcast).order_by(Broadcast.id.desc()).limit(PAGE + 1)
    if before_id is not None:
        wanted = wanted.where(Broadcast.id < before_id)
    found = session.scalars(wanted).all()
    rows = [
        BroadcastRow(each.id, each.name, each.state, each.started_at or each.scheduled_at or each.created_at)
        for each in found[:PAGE]
    ]
    return rows, rows[-1].id if len(found) > PAGE else None

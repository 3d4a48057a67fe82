"""What came of a broadcast: taps, blocks, purchases within n days, beside the control group; counted, then kept.

Everything is counted along indexes from the broadcast's own deliveries. Counting reads each of them, so it is done
when the broadcast has ended and every hour after that while its days are not over (`refresh`), never for a page.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Float,
    Interval,
    and_,
    cast,
    distinct,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from scheduler.models import Broadcast, BroadcastResult, BroadcastState, Delivery, DeliveryState
from scheduler.reasons import Reason
from segments.db import MICROSECOND, Database, UtcDateTime
from segments.models import Friend, Link, LinkTap, Purchase

DAYS = (1, 3, 7, 14, 30)
"""Within how many days something may be counted."""
DEFAULT_DAYS = 7
EVERY = timedelta(hours=1)
STARTED = (BroadcastState.SENDING, BroadcastState.PAUSED, BroadcastState.DONE, BroadcastState.CANCELLED)


@dataclass(frozen=True)
class LinkTaps:
    """Taps on one link that the broadcast carried."""

    name: str
    url: str
    taps: int
    friends: int


@dataclass(frozen=True)
class Group:
    """What a group of friends bought: those who got it, or those held out to compare with."""

    friends: int = 0
    buyers: int = 0
    orders: int = 0
    yen: int = 0
    squares: float = 0.0
    """The sum of what each friend spent, squared: how much it varies."""


@dataclass(frozen=True)
class Figures:
    """What came of a broadcast within so many days after each friend got it."""

    receivers: Group = field(default_factory=Group)
    control: Group = field(default_factory=Group)
    taps: int = 0
    tappers: int = 0
    blocks: int = 0
    links: tuple[LinkTaps, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return asdict(self) | {"links": [asdict(each) for each in self.links]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            Group(**data["receivers"]),
            Group(**data["control"]),
            data["taps"],
            data["tappers"],
            data["blocks"],
            tuple(LinkTaps(**each) for each in data["links"]),
        )


@dataclass(frozen=True)
class Counted:
    """Figures and when they were counted."""

    figures: Figures
    at: datetime


def kept(session: Session, broadcast_id: int, days: int) -> Counted | None:
    """Return what was counted last; None when it never was."""
    row = session.get(BroadcastResult, (broadcast_id, days))
    return Counted(Figures.from_json(row.figures), row.at) if row else None


def count(session: Session, broadcast_id: int, days: int) -> Figures:
    """Count anew; reads every delivery of the broadcast."""
    got = and_(Delivery.broadcast_id == broadcast_id, Delivery.state == DeliveryState.ACCEPTED)
    held_out = and_(
        Delivery.broadcast_id == broadcast_id,
        Delivery.state == DeliveryState.SKIPPED,
        or_(
            Delivery.reason == Reason.CONTROL_GROUP,
            Delivery.reason.startswith(f"{Reason.CONTROL_GROUP.value}:"),
        ),
    )
    links = _links(session, broadcast_id, days)
    return Figures(
        receivers=_group(session, got, days),
        control=_group(session, held_out, days),
        taps=sum(each.taps for each in links),
        tappers=_tappers(session, broadcast_id, days),
        blocks=_blocks(session, got, days),
        links=tuple(links),
    )


def _until(session: Session, days: int) -> ColumnElement[datetime]:
    """Return the moment so many days after a friend got it, or was held out."""
    span = timedelta(days=days)
    if session.get_bind().dialect.name == "sqlite":
        later: Any = type_coerce(Delivery.ended_at, BigInteger) + span // MICROSECOND
    else:
        later = type_coerce(Delivery.ended_at, DateTime(timezone=True)) + literal(span, Interval())
    return type_coerce(later, UtcDateTime)


def _group(session: Session, which: ColumnElement[bool], days: int) -> Group:
    friends = session.scalar(select(func.count()).select_from(Delivery).where(which)) or 0
    bought = and_(
        Purchase.friend_id == Delivery.friend_id,
        Purchase.bought_at >= Delivery.ended_at,
        Purchase.bought_at < _until(session, days),
    )
    spent = cast(func.sum(Purchase.amount_yen - Purchase.refunded_yen), Float)
    each = (
        select(func.count().label("orders"), spent.label("yen"))
        .select_from(Delivery)
        .join(Purchase, bought)
        .where(which)
        .group_by(Delivery.friend_id)
        .subquery()
    )
    row = session.execute(
        select(
            func.count(), func.sum(each.c.orders), func.sum(each.c.yen), func.sum(each.c.yen * each.c.yen)
        ).select_from(each)
    ).one()
    buyers, orders, yen, squares = row
    return Group(friends, buyers, int(orders or 0), round(yen or 0), float(squares or 0))


def _tapped(session: Session, broadcast_id: int, days: int) -> ColumnElement[bool]:
    return and_(
        Delivery.broadcast_id == broadcast_id,
        Delivery.state == DeliveryState.ACCEPTED,
        LinkTap.at < _until(session, days),
    )


def _links(session: Session, broadcast_id: int, days: int) -> list[LinkTaps]:
    taps, friends = func.count(), func.count(distinct(LinkTap.friend_id))
    query = (
        select(Link.name, Link.url, taps, friends)
        .select_from(Delivery)
        .join(LinkTap, LinkTap.delivery_id == Delivery.id)
        .join(Link, Link.id == LinkTap.link_id)
        .where(_tapped(session, broadcast_id, days))
        .group_by(Link.id)
        .order_by(friends.desc(), Link.name)
    )
    return [LinkTaps(*row) for row in session.execute(query)]


def _tappers(session: Session, broadcast_id: int, days: int) -> int:
    query = (
        select(func.count(distinct(LinkTap.friend_id)))
        .select_from(Delivery)
        .join(LinkTap, LinkTap.delivery_id == Delivery.id)
        .where(_tapped(session, broadcast_id, days))
    )
    return session.scalar(query) or 0


def _blocks(session: Session, got: ColumnElement[bool], days: int) -> int:
    """Count who blocked us within the days and has not come back."""
    query = (
        select(func.count())
        .select_from(Delivery)
        .join(Friend, Friend.id == Delivery.friend_id)
        .where(got, Friend.blocked_at >= Delivery.ended_at, Friend.blocked_at < _until(session, days))
    )
    return session.scalar(query) or 0


def keep(session: Session, broadcast_id: int, days: int, figures: Figures, now: datetime) -> None:
    """Keep what was counted."""
    row = BroadcastResult(broadcast_id=broadcast_id, days=days, at=now, figures=figures.to_json())
    session.merge(row)


def due(session: Session, now: datetime, limit: int = 5) -> Sequence[tuple[int, int]]:
    """Return broadcasts, with the days, whose figures are missing or older than an hour while they may still move."""
    over = BroadcastResult.at > func.coalesce(Broadcast.ended_at, Broadcast.started_at)
    found: list[tuple[int, int]] = []
    for days in DAYS:
        row = and_(BroadcastResult.broadcast_id == Broadcast.id, BroadcastResult.days == days)
        # A day more than the days: a delivery may have waited for the end of quiet hours.
        moves = func.coalesce(Broadcast.ended_at, now) > now - timedelta(days=days + 1)
        stale = or_(BroadcastResult.at.is_(None), ~over, and_(moves, BroadcastResult.at < now - EVERY))
        query = (
            select(Broadcast.id)
            .outerjoin(BroadcastResult, row)
            .where(Broadcast.state.in_(STARTED), Broadcast.started_at.is_not(None), stale)
            .order_by(Broadcast.id.desc())
            .limit(limit)
        )
        found += [(broadcast_id, days) for broadcast_id in session.scalars(query)]
    return found


def refresh(database: Database, now: datetime) -> int:
    """Count what is due, the latest broadcasts first, and return how many figures that were.

    Counted without a lock on anything, then written in a moment: nobody waits for it.
    """
    with database.reading() as session:
        waiting = due(session, now)
    for broadcast_id, days in waiting:
        with database.reading() as session:
            figures = count(session, broadcast_id, days)
        with database.begin() as session:
            keep(session, broadcast_id, days, figures, now)
    return len(waiting)

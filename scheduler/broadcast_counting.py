"""Counts what came of a broadcast: taps, blocks, purchases within n days, beside the control group.

Everything is counted along indexes from the broadcast's own deliveries.
"""

from datetime import datetime, timedelta
from typing import Any

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

from scheduler.broadcast_figures import Figures, Group, LinkTaps
from scheduler.models import Delivery, DeliveryState
from scheduler.reasons import Reason
from segments.db import MICROSECOND, UtcDateTime
from segments.models import Friend, Link, LinkTap, Purchase


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

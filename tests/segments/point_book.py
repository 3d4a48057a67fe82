"""A shop that gives points, and what stands in a friend's ledger."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import facts_locking, point_policy, points
from segments.models import Facts, Friend, PointEntry
from segments.point_policy import PointPolicy
from tests.builders import days_ago
from tests.fakes.clock import A_SATURDAY as NOW

LONG_AGO = days_ago(1000)
YEAR = PointPolicy(yen_per_point=100, expire_days=365)


def turn_on(session: Session, policy: PointPolicy = YEAR, since: datetime = LONG_AGO) -> None:
    point_policy.save(session, policy, "test", since)


def follow(session: Session, *friends: Friend, now: datetime = NOW) -> None:
    """Learn purchases as the transaction does that records them."""
    session.flush()
    ids = sorted(friend.id for friend in friends)
    facts_locking.lock(session, ids)
    points.follow_purchases(session, ids, now)


def balance(session: Session, friend: Friend, now: datetime = NOW) -> int:
    return points.statement(session, friend.id, now).balance


def entries(session: Session, friend: Friend) -> list[int]:
    query = select(PointEntry.points).where(PointEntry.friend_id == friend.id).order_by(PointEntry.id)
    return list(session.scalars(query))


def kept(session: Session, friend: Friend) -> int:
    return session.get_one(Facts, friend.id, populate_existing=True).points

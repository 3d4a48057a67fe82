"""Gives one kind of coupon to everybody in a segment: once each, some friends at a time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from segments import audience, coupons, touching
from segments.clock import Clock
from segments.codes import new_code
from segments.db import Database
from segments.errors import Conflict
from segments.models import Audience, Coupon, CouponGrant, CustomerEvent, EventKind
from segments.upsert import insert_ignore

BATCH = 500
CAUSE = "issue"


def ask(session: Session, key: str, condition: audience.Condition, now: datetime) -> Audience:
    """Freeze who is to get the coupon, for the caller to enqueue; raise Conflict (coupon_stopped, nobody_there)."""
    coupon = coupons.of_key(session, key, now)
    if coupon.stopped_at is not None:
        raise Conflict("coupon_stopped", key=key)
    frozen = audience.freeze(session, condition, now)
    if not frozen.size:
        raise Conflict("nobody_there")
    return frozen


def work(database: Database, clock: Clock, key: str, audience_id: int) -> None:
    """Give everybody in the frozen audience the coupon; done again after a crash, nobody gets a second one."""
    after = 0
    while True:
        with database.begin() as session:
            friend_ids = audience.members(session, audience_id, after, BATCH)
            if not friend_ids:
                return
            _give(session, key, audience_id, friend_ids, clock.now())
        after = friend_ids[-1]


def given(session: Session, audience_id: int) -> int:
    """Return how many have it already."""
    mine = CouponGrant.cause.startswith(f"{CAUSE}:{audience_id}:")
    return session.scalar(select(func.count()).select_from(CouponGrant).where(mine)) or 0


def _give(session: Session, key: str, audience_id: int, friend_ids: Sequence[int], now: datetime) -> None:
    coupon = coupons.of_key(session, key, now)
    causes = {f"{CAUSE}:{audience_id}:{friend_id}": friend_id for friend_id in friend_ids}
    known = set(session.scalars(select(CouponGrant.cause).where(CouponGrant.cause.in_(causes))))
    fresh = {cause: friend_id for cause, friend_id in causes.items() if cause not in known}
    rows = [_row(coupon, friend_id, cause, now) for cause, friend_id in fresh.items()]
    insert_ignore(session, CouponGrant, rows)
    news = [
        {
            "kind": EventKind.COUPON_GRANTED,
            "friend_id": row["friend_id"],
            "at": now,
            "payload": {"coupon": key, "code": row["code"], "cause": row["cause"]},
        }
        for row in rows
    ]
    if news:
        session.execute(insert(CustomerEvent), news)
        touching.touch(session, list(fresh.values()))


def _row(coupon: Coupon, friend_id: int, cause: str, now: datetime) -> dict[str, object]:
    return {
        "coupon_id": coupon.id,
        "friend_id": friend_id,
        "code": new_code(),
        "cause": cause,
        "granted_at": now,
        "expires_at": now + timedelta(days=coupon.valid_days),
    }

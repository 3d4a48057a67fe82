"""Referrals: a code per friend, who brought whom, and rewards to both sides when the newcomer first buys."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, exists, func, select, update
from sqlalchemy.orm import Session

from segments import coupons, driver_queries, events, policies, shop, touching
from segments.codes import as_typed, new_code
from segments.errors import Conflict, Invalid
from segments.models import EventKind, Facts, Friend, Referral
from segments.upsert import insert_ignore

NEWCOMER_COUPON, REFERRER_COUPON = "referral_newcomer", "referral_referrer"
MANY = 1000
"""Friends up to whom a query names each."""
_WAITING = select(Referral.id).where(
    Referral.newcomer_id == bindparam("newcomer_id"), Referral.rewarded_at.is_(None)
)


def code_of(session: Session, friend: Friend) -> str:
    """Return a friend's own code, made when first asked for."""
    while friend.referral_code is None:
        code = new_code()
        taken = select(Friend.id).where(Friend.referral_code == code)
        if session.scalar(select(exists(taken))):
            continue
        # Whoever comes second finds the first one's code.
        session.execute(
            update(Friend)
            .where(Friend.id == friend.id, Friend.referral_code.is_(None))
            .values(referral_code=code)
            .execution_options(synchronize_session=False)
        )
        session.refresh(friend, ["referral_code"])
    return friend.referral_code


def enter(session: Session, newcomer: Friend, code: str, now: datetime) -> Referral:
    """Take down who brought a newcomer; it may come before they follow.

    Raises Invalid: referral_unknown, referral_self, referral_already or referral_not_new (bought already, followed
    too long ago, or brought the referrer in themselves).
    """
    referrer_id = session.scalar(select(Friend.id).where(Friend.referral_code == as_typed(code)))
    if referrer_id is None:
        raise Invalid("referral_unknown", code=as_typed(code))
    if referrer_id == newcomer.id:
        raise Invalid("referral_self")
    if _brought(session, newcomer.id) is not None:
        raise Invalid("referral_already")
    if not _is_new(session, newcomer, referrer_id, now):
        raise Invalid("referral_not_new", days=policies.newcomer_days(session))
    return _enter(session, newcomer.id, referrer_id, now)


def reward_first_purchases(session: Session, buyers: Sequence[int], now: datetime) -> None:
    """Give both sides their coupon, once, where someone brought one of these in before they first bought.

    `buyers` are the ids, ascending, of friends who bought for the first time.
    """
    if not buyers:
        return
    brought = Referral.newcomer_id
    # Of a rebuild's many, all between two ids are read.
    those = brought.in_(buyers) if len(buyers) <= MANY else brought.between(buyers[0], buyers[-1])
    waiting = (
        select(Referral, Facts.first_purchase_at)
        .join(Facts, Facts.friend_id == brought)
        .where(those, Referral.rewarded_at.is_(None))
        .order_by(brought)
    )
    if len(buyers) == 1 and not driver_queries.asked(session, _WAITING, {"newcomer_id": buyers[0]}):
        return  # as at a till, where few were brought in by anybody
    found, among = session.execute(waiting).all(), set(buyers)
    if not found:
        return
    today = shop.load(session).today
    for referral, first_at in found:
        # By the day: a till that reports only dates has the purchase at midnight.
        if referral.newcomer_id in among and first_at and today(first_at) >= today(referral.entered_at):
            _reward_both(session, referral, now)


def _reward_both(session: Session, referral: Referral, now: datetime) -> None:
    claim = (
        update(Referral)
        .where(Referral.id == referral.id, Referral.rewarded_at.is_(None))
        .values(rewarded_at=now)
        .returning(Referral.id)
        .execution_options(synchronize_session=False)
    )
    if session.scalar(claim) is None:
        return
    session.refresh(referral)
    _reward(session, referral, "newcomer", referral.newcomer_id, NEWCOMER_COUPON, now)
    _reward(session, referral, "referrer", referral.referrer_id, REFERRER_COUPON, now)


def _brought(session: Session, newcomer_id: int) -> Referral | None:
    return session.scalar(select(Referral).where(Referral.newcomer_id == newcomer_id))


def _is_new(session: Session, newcomer: Friend, referrer_id: int, now: datetime) -> bool:
    bought = session.scalar(select(Facts.purchase_count).where(Facts.friend_id == newcomer.id))
    since = newcomer.followed_at
    days = timedelta(days=policies.newcomer_days(session))
    referrer = _brought(session, referrer_id)
    # Two friends cannot each have brought the other.
    in_a_circle = referrer is not None and referrer.referrer_id == newcomer.id
    return not bought and not in_a_circle and (since is None or now - since <= days)


def _enter(session: Session, newcomer_id: int, referrer_id: int, now: datetime) -> Referral:
    row = {"referrer_id": referrer_id, "newcomer_id": newcomer_id, "entered_at": now}
    if not insert_ignore(session, Referral, [row]):
        raise Invalid("referral_already")
    session.execute(
        update(Facts)
        .where(Facts.friend_id == referrer_id)
        .values(
            referral_count=select(func.count()).where(Referral.referrer_id == referrer_id).scalar_subquery()
        )
    )
    events.append(session, EventKind.REFERRAL_ENTERED, newcomer_id, now, referrer_id=referrer_id)
    touching.touch(session, [referrer_id, newcomer_id])
    referral = _brought(session, newcomer_id)
    assert referral is not None
    return referral


def _reward(session: Session, referral: Referral, side: str, friend_id: int, key: str, now: datetime) -> None:
    try:
        granted = coupons.grant(session, key, friend_id, f"referral:{referral.id}:{side}", now)
    except Conflict:  # the shop stopped this coupon: nobody is rewarded with it any more
        return
    events.append(
        session,
        EventKind.REFERRAL_REWARDED,
        friend_id,
        now,
        side=side,
        referral_id=referral.id,
        coupon=key,
        code=granted.code,
    )

"""Compiles the leaves that are answered by rows pointing at a friend, each as an EXISTS over their index."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, true

from segments import condition_leaves as leaf
from segments.cycle import CycleStatus
from segments.models import (
    AudienceMember,
    Coupon,
    CouponGrant,
    Cycle,
    Friend,
    FriendTag,
    Product,
    Purchase,
    PurchaseItem,
    Tag,
)
from segments.purchase_history import counts


def of_others(condition: leaf.OfOthers, now: datetime) -> ColumnElement[bool]:
    """Return the expression of one such leaf."""
    match condition:
        case leaf.Tagged():
            return exists(_tagged(condition))
        case leaf.Bought():
            return exists(_bought(condition, now))
        case leaf.InCycle():
            return exists(
                _cycle(condition.category, or_(*(_status(each, now) for each in condition.statuses)))
            )
        case leaf.DueWithin():
            until = now + timedelta(days=condition.days)
            return exists(_cycle(condition.category, and_(Cycle.due_at >= now, Cycle.due_at < until)))
        case leaf.HasCoupon():
            return exists(_held(condition, now))
        case leaf.InAudience():
            member = AudienceMember.audience_id == condition.audience_id
            return exists().where(member, AudienceMember.friend_id == Friend.id)


def _tagged(condition: leaf.Tagged) -> Select[int]:
    carried = select(FriendTag.tag_id).join(Tag, Tag.id == FriendTag.tag_id)
    return carried.where(FriendTag.friend_id == Friend.id, Tag.name.in_(condition.names)).correlate(Friend)


def _bought(condition: leaf.Bought, now: datetime) -> Select[int]:
    since = None if condition.within_days is None else now - timedelta(days=condition.within_days)
    return (
        select(Purchase.id)
        .join(PurchaseItem, PurchaseItem.purchase_id == Purchase.id)
        .join(Product, Product.id == PurchaseItem.product_id)
        .where(
            Purchase.friend_id == Friend.id,
            counts(),
            true() if since is None else Purchase.bought_at > since,
            or_(Product.code.in_(condition.products), Product.category.in_(condition.categories)),
        )
        .correlate(Friend)
    )


def _cycle(category: str, holds: ColumnElement[bool]) -> Select[int]:
    own = (Cycle.friend_id == Friend.id, Cycle.category == category)
    return select(Cycle.friend_id).where(*own, holds).correlate(Friend)


def _status(status: CycleStatus, now: datetime) -> ColumnElement[bool]:
    match status:
        case CycleStatus.ACTIVE:
            return Cycle.due_at > now
        case CycleStatus.DUE:
            return and_(Cycle.due_at <= now, Cycle.slip_at > now)
        case CycleStatus.SLIPPING:
            return and_(Cycle.due_at <= now, Cycle.slip_at <= now, Cycle.lapse_at > now)
        case CycleStatus.LAPSED:
            return and_(Cycle.due_at <= now, Cycle.slip_at <= now, Cycle.lapse_at <= now)


def _held(condition: leaf.HasCoupon, now: datetime) -> Select[int]:
    return (
        select(CouponGrant.id)
        .join(Coupon, Coupon.id == CouponGrant.coupon_id)
        .where(
            CouponGrant.friend_id == Friend.id,
            CouponGrant.redeemed_at.is_(None),
            CouponGrant.expires_at > now,
            true() if not condition.keys else Coupon.key.in_(condition.keys),
        )
        .correlate(Friend)
    )

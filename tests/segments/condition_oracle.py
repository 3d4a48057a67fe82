"""What conditions mean, said a second time in plain Python over rows: the compiled SQL must agree with it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import condition_leaves as leaf
from segments.conditions import All, AnyOf, Condition, NoneOf
from segments.cycle import Forecast, status_of
from segments.models import (
    AudienceMember,
    Coupon,
    CouponGrant,
    Cycle,
    Facts,
    Friend,
    FriendTag,
    Product,
    Purchase,
    Tag,
)
from segments.shop import Shop


@dataclass(frozen=True)
class Person:
    """A friend with everything conditions look at."""

    friend: Friend
    facts: Facts
    tags: set[str]
    bought: list[tuple[datetime, str, str]]
    cycles: dict[str, Forecast]
    coupons: set[str]
    audiences: set[int]


def person(session: Session, friend: Friend, now: datetime) -> Person:
    """Read one friend with plain queries."""
    mine = friend.id
    tags = select(Tag.name).join(FriendTag).where(FriendTag.friend_id == mine)
    grants = (
        select(Coupon.key)
        .join(CouponGrant)
        .where(CouponGrant.friend_id == mine, CouponGrant.redeemed_at.is_(None), CouponGrant.expires_at > now)
    )
    bought = [
        (order.bought_at, product.code, product.category)
        for order in session.scalars(select(Purchase).where(Purchase.friend_id == mine))
        if order.refunded_at is None or order.refunded_yen < order.amount_yen
        for item in order.items
        for product in [session.get_one(Product, item.product_id)]
    ]
    cycles = {
        row.category: Forecast(row.cycle_days, row.due_at, row.remind_at, row.slip_at, row.lapse_at)  # pyright: ignore[reportArgumentType] -- always set
        for row in session.scalars(select(Cycle).where(Cycle.friend_id == mine))
    }
    audiences = select(AudienceMember.audience_id).where(AudienceMember.friend_id == mine)
    return Person(
        friend,
        session.get_one(Facts, mine),
        set(session.scalars(tags)),
        bought,
        cycles,
        set(session.scalars(grants)),
        set(session.scalars(audiences)),
    )


def holds(condition: Condition, one: Person, now: datetime) -> bool:
    """Tell whether a condition holds for one person."""
    match condition:
        case All():
            return all(holds(each, one, now) for each in condition.of)
        case AnyOf():
            return any(holds(each, one, now) for each in condition.of)
        case NoneOf():
            return not any(holds(each, one, now) for each in condition.of)
        case _:
            return _leaf(condition, one, now)


def _leaf(condition: leaf.Leaf, one: Person, now: datetime) -> bool:
    friend, facts = one.friend, one.facts
    match condition:
        case leaf.Everyone():
            return True
        case leaf.Suppressed():
            return facts.suppressed_at is not None
        case leaf.OptedIn():
            return friend.opted_out_at is None
        case leaf.Reachable():
            gone = (friend.opted_out_at, friend.blocked_at)
            return bool(friend.line_user_id and friend.followed_at) and gone == (None, None)
        case leaf.FreeItemClaimed():
            return facts.free_item_claimed_at is not None
        case leaf.InStage():
            return facts.stage in {stage.value for stage in condition.stages}
        case leaf.Tagged():
            return bool(one.tags & set(condition.names))
        case leaf.Speaks():
            return friend.language in condition.languages
        case leaf.CameBy():
            return friend.route in condition.routes
        case leaf.Followed():
            return _ago(friend.followed_at, condition, now)
        case leaf.LastPurchase():
            return _ago(facts.last_purchase_at, condition, now)
        case leaf.PurchaseCount():
            return _between(facts.purchase_count, condition)
        case leaf.Spend():
            return _between(facts.spend_yen, condition)
        case leaf.ReferralCount():
            return _between(facts.referral_count, condition)
        case leaf.Bought():
            return any(_is_meant(condition, *line, now) for line in one.bought)
        case leaf.InCycle():
            dates = one.cycles.get(condition.category)
            return dates is not None and status_of(dates, now) in condition.statuses
        case leaf.DueWithin():
            dates = one.cycles.get(condition.category)
            return dates is not None and now <= dates.due_at < now + timedelta(days=condition.days)
        case leaf.BirthdayWithin():
            return friend.birthday is not None and _days_to(friend.birthday, now) <= condition.days
        case leaf.HasCoupon():
            return bool(one.coupons & set(condition.keys)) if condition.keys else bool(one.coupons)
        case leaf.InAudience():
            return condition.audience_id in one.audiences
        case leaf.OneOf():
            return friend.id in condition.ids


def _ago(moment: datetime | None, period: Any, now: datetime) -> bool:
    if moment is None:
        return False
    late = period.within_days is None or moment > now - timedelta(days=period.within_days)
    return late and (period.before_days is None or moment <= now - timedelta(days=period.before_days))


def _between(number: int, limits: Any) -> bool:
    low = limits.at_least is None or number >= limits.at_least
    return low and (limits.at_most is None or number <= limits.at_most)


def _is_meant(condition: leaf.Bought, at: datetime, code: str, category: str, now: datetime) -> bool:
    recent = condition.within_days is None or at > now - timedelta(days=condition.within_days)
    return recent and (code in condition.products or category in condition.categories)


def _days_to(birthday: date, now: datetime) -> int:
    today = Shop().today(now)
    return min((_birthday_in(birthday, year) - today).days % 1000 for year in (today.year, today.year + 1))


def _birthday_in(birthday: date, year: int) -> date:
    try:
        return birthday.replace(year=year)
    except ValueError:
        return date(year, 2, 28)

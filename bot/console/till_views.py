"""What the till sees: who stands there and what they may use, and what can be sold; what was sold is till_receipts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from unicodedata import normalize

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from segments import coupons, member_cards, point_policy, points, popular
from segments.codes import as_typed
from segments.coupons import HeldCoupon
from segments.errors import NotFound
from segments.models import Coupon, CouponGrant, Facts, Friend, Product, Purchase, Setting

GOODS = 60
"""Products offered as buttons; the others are found by searching."""


@dataclass(frozen=True)
class CouponAtTill:
    """One coupon in a friend's hands."""

    code: str
    title: str
    title_en: str
    discount_yen: int
    friend_name: str
    expires_at: datetime
    redeemed_at: datetime | None

    def name(self, language: str) -> str:
        """Return what it is called."""
        return self.title_en if language == "en" and self.title_en else self.title

    def is_open(self, now: datetime) -> bool:
        """Tell whether it can be used."""
        return self.redeemed_at is None and self.expires_at > now


@dataclass(frozen=True)
class Customer:
    """Who stands at the till: what the counter needs of them, and no more."""

    friend_id: int | None
    """None for a member number that nobody on LINE has yet."""
    member_number: str | None
    name: str
    picture_url: str | None
    stage: str | None
    points: int
    coupons: Sequence[HeldCoupon]


@dataclass(frozen=True)
class Rule:
    """How the shop deals with points."""

    yen_per_point: int
    point_yen: int


def coupon(session: Session, code: str) -> CouponAtTill:
    """Return the coupon of a code as people type it; raises NotFound (coupon_unknown)."""
    wanted = (
        select(
            CouponGrant.code,
            Coupon.title,
            Coupon.title_en,
            Coupon.discount_yen,
            Friend.display_name,
            CouponGrant.expires_at,
            CouponGrant.redeemed_at,
        )
        .join(Coupon, Coupon.id == CouponGrant.coupon_id)
        .join(Friend, Friend.id == CouponGrant.friend_id)
        .where(CouponGrant.code == as_typed(code))
    )
    found = session.execute(wanted).one_or_none()
    if found is None:
        raise NotFound("coupon_unknown", code=as_typed(code))
    return CouponAtTill(*found)


def customer(session: Session, typed: str, now: datetime, unlinked: str = "") -> Customer | None:
    """Return whose code, member number or coupon was typed; None when it is nobody's.

    A member number under which something was bought already, or that staff confirmed (`unlinked`), is a customer too.
    """
    number = normalize("NFKC", typed).strip()
    friend_id = session.scalar(select(Friend.id).where(Friend.member_number == number))
    friend_id = friend_id or member_cards.friend_of(session, typed)
    friend_id = friend_id or session.scalar(
        select(CouponGrant.friend_id).where(CouponGrant.code == as_typed(typed))
    )
    if friend_id is not None:
        return of_friend(session, friend_id, now)
    bought = select(Purchase.id).where(Purchase.member_number == number).limit(1)
    if unlinked != typed and session.scalar(bought) is None:
        return None
    return Customer(None, number, "", None, None, 0, ())


def of_friend(session: Session, friend_id: int, now: datetime) -> Customer:
    """Return a friend as the till sees them."""
    friend = session.get_one(Friend, friend_id)
    stage = session.scalar(select(Facts.stage).where(Facts.friend_id == friend_id))
    return Customer(
        friend_id,
        friend.member_number,
        friend.display_name,
        friend.picture_url,
        stage,
        points.statement(session, friend_id, now).balance,
        coupons.held(session, friend_id, now),
    )


def rule(session: Session) -> Rule:
    """Return how points are earned and used."""
    policy = point_policy.in_force(session)
    return Rule(policy.yen_per_point, policy.point_yen)


def goods(session: Session, words: str, chosen: Sequence[int]) -> list[Product]:
    """Return the products to tap: what is chosen already, what was searched for, then what sells best."""
    kept = session.get(Setting, popular.SETTING)
    best = [row[0] for row in kept.value["products"][:GOODS]] if kept else []
    ranks = {key: place for place, key in enumerate([*chosen, *best])}
    query = select(Product).where(Product.available)
    if words:
        columns = Product.code, Product.name, Product.name_en, Product.category
        query = query.where(or_(*(column.icontains(words, autoescape=True) for column in columns)))
    elif best:
        query = query.where(Product.id.in_(best))
    found = list(session.scalars(query.order_by(Product.name, Product.code).limit(GOODS)))
    if len(found) < GOODS and not words and best:
        rest = select(Product).where(Product.available, Product.id.not_in(best))
        found += session.scalars(rest.order_by(Product.name, Product.code).limit(GOODS - len(found)))
    missing = set(chosen) - {each.id for each in found}
    found += session.scalars(select(Product).where(Product.id.in_(missing), Product.available))
    return sorted(found, key=lambda each: ranks.get(each.id, len(ranks)))

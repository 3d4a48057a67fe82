"""Coupons: given once for one cause, used once, and no longer than they are valid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from segments import events, touching
from segments.codes import as_typed, new_code
from segments.errors import Conflict, Invalid, NotFound
from segments.models import Coupon, CouponGrant, EventKind
from segments.upsert import insert_ignore


@dataclass(frozen=True)
class CouponTerms:
    """What a coupon gives: yen off, for so many days after it was granted."""

    title: str
    title_en: str
    discount_yen: int
    valid_days: int


READY = {
    "referral_newcomer": CouponTerms("ご紹介ありがとうクーポン", "Welcome by referral", 500, 90),
    "referral_referrer": CouponTerms("ご紹介のお礼クーポン", "Thanks for your referral", 500, 90),
}
"""Coupons that come into being when first granted; an operator may change their terms afterwards."""


@dataclass(frozen=True)
class HeldCoupon:
    """A coupon a friend can still use."""

    code: str
    key: str
    title: str
    title_en: str
    discount_yen: int
    granted_at: datetime
    expires_at: datetime


def define(session: Session, key: str, terms: CouponTerms, now: datetime) -> Coupon:
    """Make a kind of coupon or change its terms; coupons already granted keep their expiry.

    Raises Invalid("coupon_terms_invalid", field=…).
    """
    for field, fine in (
        ("discount_yen", terms.discount_yen > 0),
        ("valid_days", 0 < terms.valid_days <= 3650),
    ):
        if not fine:
            raise Invalid("coupon_terms_invalid", field=field)
    coupon = _made(session, key, terms, now)
    coupon.title, coupon.title_en = terms.title, terms.title_en
    coupon.discount_yen, coupon.valid_days = terms.discount_yen, terms.valid_days
    return coupon


def grant(session: Session, coupon_key: str, friend_id: int, cause: str, now: datetime) -> CouponGrant:
    """Give a friend a coupon for `cause` (unique in all the shop, e.g. `referral:12:newcomer`); again gives the same.

    Raises NotFound("coupon_unknown", key=…) or Conflict("coupon_stopped", key=…).
    """
    coupon = of_key(session, coupon_key, now)
    if coupon.stopped_at is not None:
        raise Conflict("coupon_stopped", key=coupon_key)
    row = {
        "coupon_id": coupon.id,
        "friend_id": friend_id,
        "code": new_code(),
        "cause": cause,
        "granted_at": now,
        "expires_at": now + timedelta(days=coupon.valid_days),
    }
    created = insert_ignore(session, CouponGrant, [row])
    granted = session.scalars(select(CouponGrant).where(CouponGrant.cause == cause)).one()
    if created:
        events.append(
            session,
            EventKind.COUPON_GRANTED,
            friend_id,
            now,
            coupon=coupon_key,
            code=granted.code,
            cause=cause,
        )
        touching.touch(session, [friend_id])
    return granted


def held(session: Session, friend_id: int, now: datetime) -> Sequence[HeldCoupon]:
    """Return the coupons a friend can use at `now`, the first to expire first."""
    query = (
        select(CouponGrant, Coupon)
        .join(Coupon, Coupon.id == CouponGrant.coupon_id)
        .where(
            CouponGrant.friend_id == friend_id,
            CouponGrant.redeemed_at.is_(None),
            CouponGrant.expires_at > now,
        )
        .order_by(CouponGrant.expires_at, CouponGrant.id)
    )
    return [
        HeldCoupon(
            one.code,
            coupon.key,
            coupon.title,
            coupon.title_en,
            coupon.discount_yen,
            one.granted_at,
            one.expires_at,
        )
        for one, coupon in session.execute(query)
    ]


def redeem(
    session: Session, code: str, by: str, now: datetime, *, purchase_id: int | None = None
) -> CouponGrant:
    """Use a coupon up, `by` an operator or the till, with an order where it is known; of two at once one succeeds.

    Raises NotFound("coupon_unknown"), Conflict("coupon_redeemed", at=…, by=…) or Invalid("coupon_expired", at=…).
    """
    typed = as_typed(code)
    claim = (
        update(CouponGrant)
        .where(CouponGrant.code == typed, CouponGrant.redeemed_at.is_(None), CouponGrant.expires_at > now)
        .values(redeemed_at=now, redeemed_by=by, purchase_id=purchase_id)
        .returning(CouponGrant.id)
        .execution_options(synchronize_session=False)
    )
    claimed = session.scalar(claim)
    query = select(CouponGrant).where(CouponGrant.code == typed).execution_options(populate_existing=True)
    used = session.scalar(query)
    if used is None:
        raise NotFound("coupon_unknown", code=typed)
    if claimed is None:
        raise _refusal(used)
    events.append(session, EventKind.COUPON_REDEEMED, used.friend_id, now, code=used.code, by=by)
    touching.touch(session, [used.friend_id])
    return used


def give_back(session: Session, purchase_id: int) -> CouponGrant | None:
    """Make the coupon that was used with an order good again, as far as its days go; return it if there was one."""
    used = session.scalar(select(CouponGrant).where(CouponGrant.purchase_id == purchase_id))
    if used is not None:
        used.redeemed_at = used.redeemed_by = used.purchase_id = None
        session.flush()
        touching.touch(session, [used.friend_id])
    return used


def _refusal(used: CouponGrant) -> Conflict | Invalid:
    if used.redeemed_at is not None:
        return Conflict("coupon_redeemed", at=used.redeemed_at, by=used.redeemed_by)
    return Invalid("coupon_expired", at=used.expires_at)


def of_key(session: Session, key: str, now: datetime) -> Coupon:
    """Return a kind of coupon, a ready one made now if need be; raises NotFound("coupon_unknown", key=…)."""
    coupon = session.scalar(select(Coupon).where(Coupon.key == key))
    if coupon is not None:
        return coupon
    if key not in READY:
        raise NotFound("coupon_unknown", key=key)
    return _made(session, key, READY[key], now)


def _made(session: Session, key: str, terms: CouponTerms, now: datetime) -> Coupon:
    row = {
        "key": key,
        "title": terms.title,
        "title_en": terms.title_en,
        "discount_yen": terms.discount_yen,
        "valid_days": terms.valid_days,
        "created_at": now,
    }
    insert_ignore(session, Coupon, [row])
    return session.scalars(select(Coupon).where(Coupon.key == key)).one()

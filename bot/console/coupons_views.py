"""What the page of coupons shows: each kind with its terms, and what became of those given."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from segments.coupons import READY, CouponTerms
from segments.errors import NotFound
from segments.models import Coupon, CouponGrant


@dataclass(frozen=True)
class CouponRow:
    """One kind of coupon."""

    key: str
    terms: CouponTerms
    open: int
    redeemed: int
    expired: int


def kinds(session: Session, now: datetime) -> list[CouponRow]:
    """Return the ready kinds and the shop's own, whether one was ever given or not."""
    stored = {each.key: each for each in session.scalars(select(Coupon).order_by(Coupon.id))}
    terms = READY | {key: _terms(each) for key, each in stored.items()}
    counts = _counts(session, now)
    return [CouponRow(key, each, *_figures(counts.get(key, {}))) for key, each in terms.items()]


def kind(session: Session, key: str) -> CouponTerms:
    """Return the terms of one kind; raises NotFound (coupon_unknown)."""
    stored = session.scalar(select(Coupon).where(Coupon.key == key))
    if stored is None and key not in READY:
        raise NotFound("coupon_unknown", key=key)
    return _terms(stored) if stored else READY[key]


def _terms(coupon: Coupon) -> CouponTerms:
    return CouponTerms(coupon.title, coupon.title_en, coupon.discount_yen, coupon.valid_days)


def _counts(session: Session, now: datetime) -> dict[str, dict[str, int]]:
    state = case(
        (CouponGrant.redeemed_at.is_not(None), "redeemed"),
        (CouponGrant.expires_at > now, "open"),
        else_="expired",
    ).label("state")
    counted = select(Coupon.key, state, func.count()).join(Coupon, Coupon.id == CouponGrant.coupon_id)
    found: dict[str, dict[str, int]] = {}
    for key, each, count in session.execute(counted.group_by(Coupon.key, state)):
        found.setdefault(key, {})[each] = count
    return found


def _figures(counts: Mapping[str, int]) -> tuple[int, int, int]:
    return counts.get("open", 0), counts.get("redeemed", 0), counts.get("expired", 0)

"""What the till sees of a coupon: what it gives, whose it is, whether it can still be used."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments.codes import as_typed
from segments.errors import NotFound
from segments.models import Coupon, CouponGrant, Friend


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

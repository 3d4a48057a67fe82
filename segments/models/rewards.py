"""Tables of coupons, referrals and trial offers."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


class Coupon(Base):
    """A kind of coupon: what it gives and for how long."""

    __tablename__ = "coupons"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    title: Mapped[str] = mapped_column(Text)
    title_en: Mapped[str] = mapped_column(Text, default="")
    discount_yen: Mapped[int]
    valid_days: Mapped[int]
    created_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    """Since when nobody gets it any more; those given before stay good."""


class CouponGrant(Base):
    """One coupon in one friend's hands, used once at most."""

    __tablename__ = "coupon_grants"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    coupon_id: Mapped[int] = mapped_column(ForeignKey("coupons.id"))
    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), index=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    cause: Mapped[str] = mapped_column(String(64))
    """Why it was given, e.g. `referral:12:newcomer`; unique, so it is given once."""
    granted_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    redeemed_at: Mapped[datetime | None]
    redeemed_by: Mapped[str | None] = mapped_column(String(64))
    purchase_id: Mapped[int | None] = mapped_column(
        ForeignKey("purchases.id", ondelete="SET NULL"), index=True
    )
    """The order it was used with, where the till knew."""

    __table_args__ = (Index("uq_coupon_grants_cause", "cause", unique=True),)


# Coupons used, by when: most never are.
Index(
    "ix_coupon_grants_redeemed_at",
    CouponGrant.redeemed_at,
    sqlite_where=CouponGrant.redeemed_at.is_not(None),
    postgresql_where=CouponGrant.redeemed_at.is_not(None),
)


class PointEntry(Base):
    """One movement of a friend's points; the balance is their sum (ロイヤリティプログラム)."""

    __tablename__ = "point_entries"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), index=True)
    points: Mapped[int] = mapped_column(BigId)
    cause: Mapped[str] = mapped_column(String(160), unique=True)
    """Why, e.g. `purchase:17:3:1`, `expiry:12`; unique, so that it counts once."""
    purchase_id: Mapped[int | None] = mapped_column(
        ForeignKey("purchases.id", ondelete="SET NULL"), index=True
    )
    """The purchase that earned them, or on whose refund they were taken back."""
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(64))
    """Who or what entered it: `rule`, `operator:3`, `api:2`, `import:7`, `till`."""
    expires_at: Mapped[datetime | None]
    """When what is left of them goes; None for what does not expire and for what was taken."""
    expired_at: Mapped[datetime | None]
    """When that was seen to: the clock reads only those that still wait for it."""


# Points that are still to expire, by the day: the clock reads only the due end of this index.
Index(
    "ix_point_entries_expiring",
    PointEntry.expires_at,
    sqlite_where=PointEntry.expired_at.is_(None) & PointEntry.expires_at.is_not(None),
    postgresql_where=PointEntry.expired_at.is_(None) & PointEntry.expires_at.is_not(None),
)


class Referral(Base):
    """Who brought whom; rewarded once, on the newcomer's first purchase."""

    __tablename__ = "referrals"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    referrer_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), index=True)
    newcomer_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), unique=True)
    entered_at: Mapped[datetime]
    rewarded_at: Mapped[datetime | None]

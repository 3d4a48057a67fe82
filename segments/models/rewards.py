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
    expires_at: Mapped[datetime]
    redeemed_at: Mapped[datetime | None]
    redeemed_by: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (Index("uq_coupon_grants_cause", "cause", unique=True),)


class PointEntry(Base):
    """One movement of a friend's points; the balance is their sum (ロイヤリティプログラム)."""

    __tablename__ = "point_entries"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), index=True)
    points: Mapped[int]
    cause: Mapped[str] = mapped_column(String(160), unique=True)
    """Why, e.g. `purchase:17`, `expiry:3:2026-11-21`; unique, so that it counts once."""
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(64))
    """Who or what entered it: `rule`, `operator:3`, `api:2`, `import:7`, `till`."""


class Referral(Base):
    """Who brought whom; rewarded once, on the newcomer's first purchase."""

    __tablename__ = "referrals"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    referrer_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), index=True)
    newcomer_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), unique=True)
    entered_at: Mapped[datetime]
    rewarded_at: Mapped[datetime | None]

"""How referrals go: who was brought in and who of them bought; moments as microseconds since 1970."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from segments.local_times import start_of
from segments.micros import as_micros
from segments.models import Friend, Referral


@dataclass(frozen=True)
class ReferralFigures:
    """Referrals of a period, and the codes there are now."""

    entered: Sequence[int]
    """When newcomers named who brought them."""
    rewarded: Sequence[int]
    """When newcomers first bought, so that both sides got their coupon."""
    referrers: int
    """Different friends who brought somebody in the period."""
    codes: int
    """Friends who have a code to hand on, as of now."""


def entered(session: Session, first: date, last: date, zone: ZoneInfo) -> int:
    """Count the newcomers who named who brought them, on some days of the shop's calendar, both included."""
    since, until = start_of(first, zone), start_of(last + timedelta(days=1), zone)
    within = (Referral.entered_at >= since, Referral.entered_at < until)
    return session.scalar(select(func.count()).select_from(Referral).where(*within)) or 0


def figures(session: Session, since: datetime, until: datetime) -> ReferralFigures:
    """Return the referrals from `since` up to but not at `until`."""
    entered = select(as_micros(Referral.entered_at)).where(
        Referral.entered_at >= since, Referral.entered_at < until
    )
    rewarded = select(as_micros(Referral.rewarded_at)).where(
        Referral.rewarded_at >= since, Referral.rewarded_at < until
    )
    referrers = select(func.count(Referral.referrer_id.distinct())).where(
        Referral.entered_at >= since, Referral.entered_at < until
    )
    codes = select(func.count()).where(Friend.referral_code.is_not(None))
    return ReferralFigures(
        session.scalars(entered).all(),
        session.scalars(rewarded).all(),
        session.scalar(referrers) or 0,
        session.scalar(codes) or 0,
    )

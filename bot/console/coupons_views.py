"""What the pages of coupons show: each kind with its terms, what became of those given, and who was given some."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from bot.actors import actor_name
from bot.models import AuditEntry
from scheduler.models import Scenario, Step
from segments import audience, coupon_giving, saved
from segments.conditions import parse
from segments.coupons import READY, CouponTerms
from segments.errors import NotFound
from segments.models import Audience, Coupon, CouponGrant, Segment

GIVEN = "coupon_given"
"""What giving to a segment is called among the noted actions."""


@dataclass(frozen=True)
class CouponRow:
    """One kind of coupon."""

    key: str
    terms: CouponTerms
    open: int
    redeemed: int
    expired: int
    stopped_at: datetime | None = None

    @property
    def issued(self) -> int:
        """How many were ever given."""
        return self.open + self.redeemed + self.expired


@dataclass(frozen=True)
class Giving:
    """One time that a coupon was given to a segment."""

    at: datetime
    by: str
    segment: str
    segment_id: int | None
    wanted: int
    given: int


def kinds(session: Session, now: datetime) -> list[CouponRow]:
    """Return the ready kinds and the shop's own, whether one was ever given or not."""
    stored = {each.key: each for each in session.scalars(select(Coupon).order_by(Coupon.id))}
    terms = READY | {key: _terms(each) for key, each in stored.items()}
    counts = _counts(session, now)
    rows = [
        CouponRow(
            key, each, *_figures(counts.get(key, {})), stored[key].stopped_at if key in stored else None
        )
        for key, each in terms.items()
    ]
    return sorted(rows, key=lambda row: row.stopped_at is not None)


def kind(session: Session, key: str) -> CouponTerms:
    """Return the terms of one kind; raises NotFound (coupon_unknown)."""
    stored = session.scalar(select(Coupon).where(Coupon.key == key))
    if stored is None and key not in READY:
        raise NotFound("coupon_unknown", key=key)
    return _terms(stored) if stored else READY[key]


def one(session: Session, key: str, now: datetime) -> CouponRow:
    """Return one kind; raises NotFound (coupon_unknown)."""
    terms = kind(session, key)
    stopped = session.scalar(select(Coupon.stopped_at).where(Coupon.key == key))
    return CouponRow(key, terms, *_figures(_counts(session, now, key).get(key, {})), stopped)


def scenarios_giving(session: Session, key: str) -> list[tuple[int, str]]:
    """Return the scenarios that have a step which gives this coupon."""
    query = select(Scenario.id, Scenario.name, Step.effects).join(Step).where(Step.removed_at.is_(None))
    found = [
        (number, name) for number, name, effects in session.execute(query) if effects.get("coupon") == key
    ]
    return list(dict.fromkeys(found))


def segments(session: Session) -> Sequence[Segment]:
    """Return the segments to choose from."""
    return saved.all_of(session)


def size(session: Session, segment_id: int, now: datetime) -> tuple[Segment, int]:
    """Return a segment and how many friends are in it now; raises NotFound (segment_unknown)."""
    segment = saved.load(session, segment_id)
    return segment, audience.count(session, parse(segment.condition), now)


def givings(session: Session, key: str) -> list[Giving]:
    """Return the last times that it was given to a segment, with how many have it already."""
    query = (
        select(AuditEntry)
        .where(AuditEntry.action == GIVEN, AuditEntry.subject == key)
        .order_by(AuditEntry.id.desc())
        .limit(5)
    )
    return [_giving(session, each) for each in session.scalars(query)]


def _giving(session: Session, entry: AuditEntry) -> Giving:
    number = int(entry.details["audience"])
    frozen = session.get(Audience, number)
    return Giving(
        entry.at,
        actor_name(session, entry.actor),
        str(entry.details.get("segment", "")),
        entry.details.get("segment_id"),
        frozen.size if frozen else 0,
        coupon_giving.given(session, number),
    )


def _terms(coupon: Coupon) -> CouponTerms:
    return CouponTerms(coupon.title, coupon.title_en, coupon.discount_yen, coupon.valid_days)


def _counts(session: Session, now: datetime, key: str | None = None) -> dict[str, dict[str, int]]:
    state = case(
        (CouponGrant.redeemed_at.is_not(None), "redeemed"),
        (CouponGrant.expires_at > now, "open"),
        else_="expired",
    ).label("state")
    counted = select(Coupon.key, state, func.count()).join(Coupon, Coupon.id == CouponGrant.coupon_id)
    if key is not None:
        counted = counted.where(Coupon.key == key)
    found: dict[str, dict[str, int]] = {}
    for each_key, each, count in session.execute(counted.group_by(Coupon.key, state)):
        found.setdefault(each_key, {})[each] = count
    return found


def _figures(counts: Mapping[str, int]) -> tuple[int, int, int]:
    return counts.get("open", 0), counts.get("redeemed", 0), counts.get("expired", 0)

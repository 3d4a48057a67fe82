"""Tables of news: what happened with a friend, for whoever acts on it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


class EventKind(StrEnum):
    """Every kind of news a friend can make."""

    FOLLOWED = "followed"
    REFOLLOWED = "refollowed"
    BLOCKED = "blocked"
    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"
    OFFERS_OPTED_OUT = "offers_opted_out"
    OFFERS_OPTED_IN = "offers_opted_in"
    WROTE = "wrote"
    TAPPED = "tapped"
    ASKED = "asked"
    FREE_ITEM_CLAIMED = "free_item_claimed"
    TRIAL_OFFERED = "trial_offered"
    TRIAL_OFFER_ENDED = "trial_offer_ended"
    PURCHASED = "purchased"
    REFUNDED = "refunded"
    SATISFIED = "satisfied"
    DISSATISFIED = "dissatisfied"
    CYCLE_DUE = "cycle_due"
    STAGE_CHANGED = "stage_changed"
    SEGMENT_ENTERED = "segment_entered"
    SEGMENT_LEFT = "segment_left"
    TAGGED = "tagged"
    ANSWERED = "answered"
    EVENT_JOINED = "event_joined"
    COMPLAINED = "complained"
    COMPLAINT_WITHDRAWN = "complaint_withdrawn"
    POINTS_EARNED = "points_earned"
    MEMBER_LINKED = "member_linked"
    REFERRAL_ENTERED = "referral_entered"
    REFERRAL_REWARDED = "referral_rewarded"
    COUPON_GRANTED = "coupon_granted"
    COUPON_REDEEMED = "coupon_redeemed"


class CustomerEvent(Base):
    """News of a friend, appended in the transaction that made it; scheduler.triggers reads it."""

    __tablename__ = "customer_events"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[EventKind]
    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    read_at: Mapped[datetime | None]
    """When triggers took it up. A mark, not a cursor: PostgreSQL commits ids out of order."""


Index(
    "ix_customer_events_unread",
    CustomerEvent.id,
    sqlite_where=CustomerEvent.read_at.is_(None),
    postgresql_where=CustomerEvent.read_at.is_(None),
)

# Rare news that is counted day by day; all other is read by friend alone.
COUNTED_BY_DAY = (
    EventKind.REFOLLOWED,
    EventKind.BLOCKED,
    EventKind.OPTED_OUT,
    EventKind.OPTED_IN,
    EventKind.OFFERS_OPTED_OUT,
    EventKind.OFFERS_OPTED_IN,
    EventKind.SATISFIED,
    EventKind.DISSATISFIED,
)
Index(
    "ix_customer_events_counted_by_day",
    CustomerEvent.at,
    CustomerEvent.kind,
    CustomerEvent.friend_id,
    sqlite_where=CustomerEvent.kind.in_(COUNTED_BY_DAY),
    postgresql_where=CustomerEvent.kind.in_(COUNTED_BY_DAY),
)

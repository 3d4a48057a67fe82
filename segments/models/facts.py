"""Tables of what is derived of each friend: facts, stage, cycle, and how they moved."""

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


class Facts(Base):
    """What is known of one friend, kept inside the transaction that learns it; rebuildable."""

    __tablename__ = "facts"

    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), primary_key=True)

    purchase_count: Mapped[int] = mapped_column(default=0)
    full_price_count: Mapped[int] = mapped_column(default=0)
    spend_yen: Mapped[int] = mapped_column(BigId, default=0)
    first_purchase_at: Mapped[datetime | None]
    last_purchase_at: Mapped[datetime | None] = mapped_column(index=True)
    regular_until: Mapped[datetime | None]
    """Until when the purchases of the policy's window suffice for 常連; None when they do not."""

    free_item_claimed_at: Mapped[datetime | None]
    inquired_at: Mapped[datetime | None]
    """When the friend first asked something or answered us: a sign of interest like claiming the free item."""
    trial_offered_at: Mapped[datetime | None]
    trial_offer_ends_at: Mapped[datetime | None]
    satisfied_at: Mapped[datetime | None]
    dissatisfied_at: Mapped[datetime | None]
    referral_count: Mapped[int] = mapped_column(default=0)
    message_count: Mapped[int] = mapped_column(default=0)
    tap_count: Mapped[int] = mapped_column(default=0)
    last_reaction_at: Mapped[datetime | None]
    last_contacted_at: Mapped[datetime | None]
    """When LINE last took a message of ours for this friend, replies left out."""
    answer_count: Mapped[int] = mapped_column(default=0)
    """Survey questions answered."""
    event_count: Mapped[int] = mapped_column(default=0)
    """Events and study sessions joined."""
    complaint_count: Mapped[int] = mapped_column(default=0)
    complained_at: Mapped[datetime | None]
    points: Mapped[int] = mapped_column(BigId, default=0)
    """Balance of the points ledger."""
    recent_contacts: Mapped[str] = mapped_column(String(200), default="")
    """The newest messages of ours, as segments.contact_tally packs them: read for each friend of each send."""
    trust: Mapped[int] = mapped_column(default=10)
    """What is in the trust account; 0 while it is in the red."""
    trust_red_until: Mapped[datetime | None]
    """When time alone will have paid off what the account owes; it is in the red before then."""

    product_count: Mapped[int] = mapped_column(default=0)
    """Different products bought."""
    settled_count: Mapped[int] = mapped_column(default=0)
    """Products bought as often as their own settling count asks, so that the habit holds."""
    related_count: Mapped[int] = mapped_column(default=0)
    """Products bought that are upgrades of, or share a category with, one bought on an earlier day."""
    favourite_category: Mapped[str | None] = mapped_column(String(64))
    """The category most was spent on."""
    subscription_since: Mapped[datetime | None]
    subscription_until: Mapped[datetime | None]
    """Until when the present run of subscription purchases counts as unbroken; None without one."""

    stage: Mapped[str] = mapped_column(String(16), default="aware", index=True)
    stage_since: Mapped[datetime]
    stage_reason: Mapped[str] = mapped_column(String(64), default="followed")
    growth: Mapped[str] = mapped_column(String(16), default="")
    """The rung of the seven growth stages; empty before the first purchase."""
    growth_since: Mapped[datetime | None]
    growth_reason: Mapped[str] = mapped_column(String(64), default="")
    customer_class: Mapped[str] = mapped_column(String(16), default="potential")
    class_since: Mapped[datetime | None]
    class_reason: Mapped[str] = mapped_column(String(64), default="")
    purchase_status: Mapped[str] = mapped_column(String(16), default="")
    """Where the friend stands in their cycle over all purchases; empty before the first."""
    status_since: Mapped[datetime | None]
    suppressed_at: Mapped[datetime | None]
    """Since when no further offers go out (S2, S3); None when they may."""
    review_at: Mapped[datetime | None] = mapped_column(index=True)
    """The next moment at which time alone may change this row; the clock reads this index."""
    unlearned_since: Mapped[datetime | None]
    """Since when the purchases wait to be read anew, because a rule or a product changed; the next review does it."""


# Moments that a day of the calendar passes: conditions on them are asked again of those friends alone.
for _moment in (
    Facts.first_purchase_at,
    Facts.last_reaction_at,
    Facts.last_contacted_at,
    Facts.complained_at,
    Facts.subscription_until,
    Facts.trust_red_until,
):
    Index(
        f"ix_facts_{_moment.key}",
        _moment,
        sqlite_where=_moment.is_not(None),
        postgresql_where=_moment.is_not(None),
    )


class Cycle(Base):
    """Purchase-cycle state and dates of one friend in one category ('' = all purchases)."""

    __tablename__ = "cycles"

    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), primary_key=True)
    category: Mapped[str] = mapped_column(String(64), primary_key=True)
    n: Mapped[int]
    """Gaps between purchase days seen so far."""
    s1: Mapped[float] = mapped_column(Float)
    s2: Mapped[float] = mapped_column(Float)
    """Sums of the logarithms of the gaps in days, and of their squares."""
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    sum_amount: Mapped[int] = mapped_column(BigId)
    last_quantity: Mapped[int]
    cycle_days: Mapped[float | None] = mapped_column(Float)
    due_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    """When the reminder for `remind_at` was raised as an event; cleared by the next purchase."""
    slip_at: Mapped[datetime | None]
    lapse_at: Mapped[datetime | None]

    __table_args__ = (
        # All that tells where a friend stands, and who bought from a category lately: counting them reads no row.
        Index(
            "ix_cycles_category_due_at", "category", "due_at", "slip_at", "lapse_at", "friend_id", "last_at"
        ),
        Index("ix_cycles_category_lapse_at", "category", "lapse_at"),
        Index("ix_cycles_category_slip_at", "category", "slip_at"),
    )


# Reminders still to be raised, by the day they are for: a review reads only the due end of this index.
Index(
    "ix_cycles_unreminded",
    Cycle.remind_at,
    sqlite_where=Cycle.reminded_at.is_(None),
    postgresql_where=Cycle.reminded_at.is_(None),
)


class StageChange(Base):
    """One move on a ladder, with its date and its reason."""

    __tablename__ = "stage_changes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), index=True)
    ladder: Mapped[str] = mapped_column(String(16), default="pyramid")
    from_stage: Mapped[str | None] = mapped_column(String(16))
    to_stage: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(64))
    reason_params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(index=True)


class Policy(Base):
    """One version of an editable policy; the newest of a name is in force."""

    __tablename__ = "policies"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(32), index=True)
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))

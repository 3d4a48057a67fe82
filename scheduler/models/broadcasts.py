"""Table of broadcasts: one message to many friends at one time."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


class BroadcastState(StrEnum):
    """Where a broadcast stands."""

    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting_approval"
    """It reaches more friends than one operator may decide alone: somebody else has to look at it."""
    SCHEDULED = "scheduled"
    PLANNING = "planning"
    SENDING = "sending"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


class Through(StrEnum):
    """Which of LINE's ways a broadcast takes: requests that name friends, or LINE's own broadcast to all of them."""

    NAMED = "named"
    BROADCAST = "broadcast"


class Broadcast(Base):
    """One send by the operator, to everybody or to a segment, now or later."""

    __tablename__ = "broadcasts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    state: Mapped[BroadcastState] = mapped_column(default=BroadcastState.DRAFT)
    state_reason: Mapped[str | None] = mapped_column(String(64))
    """Why it is paused: `operator`, `quota_exhausted`, `token_invalid`."""
    message_version_id: Mapped[int | None] = mapped_column(ForeignKey("message_versions.id"))
    condition: Mapped[dict[str, Any] | None]
    """Whom it is for: a condition tree; None when the audience was given as a list."""
    segment_id: Mapped[int | None] = mapped_column(ForeignKey("segments.id", ondelete="SET NULL"))
    audience_id: Mapped[int | None] = mapped_column(ForeignKey("audiences.id"))
    planned_through: Mapped[int] = mapped_column(BigId, default=0)
    """The last friend id of the audience that has a delivery: planning resumes after it."""
    planned_at: Mapped[datetime | None]
    """When planning had reached the end of the audience."""
    job_number: Mapped[int] = mapped_column(default=0)
    """How often planning was enqueued: part of the job's deterministic id."""
    scheduled_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    """After this nothing of it leaves any more."""
    per_minute: Mapped[int | None]
    """At most so many friends a minute; None = as fast as LINE takes them."""
    by_mail: Mapped[bool] = mapped_column(default=False)
    """Whether friends whom LINE cannot reach get it by mail, if they agreed to that."""
    holdout_percent: Mapped[int] = mapped_column(default=0)
    """The share of its friends, drawn by lot, who do not get it, so that its effect can be told."""
    through: Mapped[Through] = mapped_column(default=Through.NAMED)
    through_reason: Mapped[str | None] = mapped_column(String(64))
    """Why LINE's own broadcast, which was asked for, could not be used."""
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64), default="system")
    edited_by: Mapped[str] = mapped_column(String(64), default="system")
    """Who last said what it says: nobody approves their own words."""
    asked_by: Mapped[str | None] = mapped_column(String(64))
    """Who wanted it to leave, and so cannot approve it."""
    asked_at: Mapped[datetime | None]
    approved_by: Mapped[str | None] = mapped_column(String(64))
    approved_at: Mapped[datetime | None]
    approved_for: Mapped[int | None]
    """How many friends it would have reached when it was approved."""
    returned_note: Mapped[str] = mapped_column(String(200), default="")
    """What the second person wanted to be changed."""
    by_value: Mapped[bool] = mapped_column(default=False)
    """Whether what may be spent does not suffice for all: the most valuable friends come first."""
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    """Since when a draft is thrown away; it can be taken back, and never leaves."""
    note: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (Index("ix_broadcasts_state_scheduled_at", "state", "scheduled_at"),)


class BroadcastResult(Base):
    """What came of a broadcast within so many days of it, counted once in a while: reading it costs nothing."""

    __tablename__ = "broadcast_results"

    broadcast_id: Mapped[int] = mapped_column(
        ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True
    )
    days: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    """When it was counted."""
    figures: Mapped[dict[str, Any]]
    """What scheduler.broadcast_figures.Figures reads."""

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
    SCHEDULED = "scheduled"
    PLANNING = "planning"
    SENDING = "sending"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


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
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64), default="system")
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (Index("ix_broadcasts_state_scheduled_at", "state", "scheduled_at"),)

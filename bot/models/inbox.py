"""Table of webhook events as they came: stored first, worked on later."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


class InboundState(StrEnum):
    """Where an event stands."""

    PENDING = "pending"
    DONE = "done"
    IGNORED = "ignored"
    """Kept and counted, but of a kind that nothing is done about."""
    PARKED = "parked"
    """Its handler failed every time: an operator looks at it."""


class InboundEvent(Base):
    """One event of a webhook request, raw."""

    __tablename__ = "inbound_events"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    webhook_event_id: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    line_user_id: Mapped[str | None] = mapped_column(String(64))
    line_message_id: Mapped[str | None] = mapped_column(String(64), index=True)
    """Of a message or an unsend: what was taken back must be found again, whichever came first."""
    occurred_at: Mapped[datetime]
    """LINE's `timestamp`: the order in which a friend's events are handled."""
    received_at: Mapped[datetime]
    raw: Mapped[dict[str, Any]]
    state: Mapped[InboundState] = mapped_column(default=InboundState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index("ix_inbound_events_state_kind", "state", "kind"),)


Index(
    "ix_inbound_events_pending",
    InboundEvent.line_user_id,
    InboundEvent.occurred_at,
    sqlite_where=InboundEvent.state == InboundState.PENDING,
    postgresql_where=InboundEvent.state == InboundState.PENDING,
)

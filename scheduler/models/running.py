"""Tables of the machinery: rates shared by all processes, signs of life, and what was saved."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Float, String
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base


class RateBucket(Base):
    """One token bucket that all processes draw from."""

    __tablename__ = "rate_buckets"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    next_free: Mapped[float] = mapped_column(Float, default=0.0)
    """Seconds since 1970 up to which the line is already leased out."""


class Heartbeat(Base):
    """When a process was last seen alive, and when a bell last rang."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    """`worker` or `tick`, or one of those in scheduler.heartbeats that are kept."""
    at: Mapped[datetime]


class Way(StrEnum):
    """How a push was saved: it went together with another, or on a free reply."""

    BUNDLE = "bundle"
    REPLY = "reply"


class Saving(Base):
    """Pushes that were saved in a month, at what one would have cost."""

    __tablename__ = "savings"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    """`2026-11`, in Japan, where LINE counts."""
    way: Mapped[Way] = mapped_column(primary_key=True)
    price_sen: Mapped[int] = mapped_column(primary_key=True)
    """Hundredths of a yen a message."""
    messages: Mapped[int] = mapped_column(default=0)

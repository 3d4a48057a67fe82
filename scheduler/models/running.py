"""Tables of the machinery: rates shared by all processes, and signs of life."""

from datetime import datetime

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
    """`worker` or `tick`."""
    at: Mapped[datetime]

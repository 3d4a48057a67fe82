"""Table of what was decided when the shop's figures were looked at."""

from datetime import date, datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


class ReviewDecision(Base):
    """One thing to change, and later what came of it."""

    __tablename__ = "review_decisions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit: Mapped[str] = mapped_column(String(8))
    """`week` or `month`: what was looked at."""
    starts_on: Mapped[date] = mapped_column(index=True)
    """The first day of that week or month."""
    text: Mapped[str] = mapped_column(Text)
    follow_up_on: Mapped[date]
    """When to see what came of it."""
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str | None] = mapped_column(Text)
    """What came of it; None while that is open."""
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str] = mapped_column(String(64), default="")

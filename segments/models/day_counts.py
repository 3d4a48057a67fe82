"""Table of what happened on each day, counted in the background so that no page reads millions of rows."""

from datetime import date

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base


class DayCount(Base):
    """How often something happened on one day of the shop's calendar, or how many stood somewhere when it ended."""

    __tablename__ = "day_counts"

    figure: Mapped[str] = mapped_column(String(32), primary_key=True)
    """What is counted (segments.day_counts)."""
    day: Mapped[date] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(String(96), primary_key=True)
    """Which part of it: a route, a rung, `from>to`; "" where it has no parts."""
    count: Mapped[int]

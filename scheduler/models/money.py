"""Tables of what sending uses up: one meter a month, and what LINE's own count said beside ours."""

from datetime import date, datetime

from sqlalchemy import Date, String
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base


class MessageMeter(Base):
    """The messages of one month that are used up, or that somebody is about to use.

    All processes draw from this row, so that two of them never both take the last message of the budget.
    """

    __tablename__ = "message_meters"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    """`2026-11`, in the shop's zone."""
    claimed: Mapped[int] = mapped_column(default=0)
    """Ours: pushes and recipients of multicasts that LINE took or may take; replies are free and do not count."""
    beyond: Mapped[int] = mapped_column(default=0)
    """What LINE counted on top of ours: messages that somebody sent by hand, for one."""
    kept_for_care: Mapped[int] = mapped_column(default=0)
    """Left alone by sales while there is a limit: what care and answers will need until the month ends."""
    last_grant: Mapped[int] = mapped_column(default=0)
    """What the newest claim was given; only told to whoever made it, in the same statement."""
    held_at: Mapped[datetime | None]
    """When something first had to wait for want of money or of messages; None once nothing waits."""


class QuotaCheck(Base):
    """One night's comparison of our count of the month with LINE's."""

    __tablename__ = "quota_checks"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    month: Mapped[str] = mapped_column(String(7))
    ours: Mapped[int]
    line: Mapped[int]
    is_alarm: Mapped[bool]
    """Whether the two differ by more than the threshold."""
    at: Mapped[datetime]

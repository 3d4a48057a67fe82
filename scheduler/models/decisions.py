"""Table of decisions: why a message did not go to a friend, or not at once."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


class Decision(Base):
    """What one rule last said of one message to one friend, where that was no plain yes.

    A message is named by what it belongs to, for a step is judged before it has a delivery: by its broadcast, or
    by enrolment and step; 0 stands for none. Narrow and without foreign keys to it: a broadcast may write a million.
    """

    __tablename__ = "decisions"

    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), primary_key=True)
    broadcast_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    step_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    rule: Mapped[str] = mapped_column(String(32), primary_key=True)
    """A scheduler.reasons.Reason."""
    at: Mapped[datetime] = mapped_column(index=True)
    """When it last said so."""
    until: Mapped[datetime | None]
    """Held until then; None = refused."""
    figures: Mapped[str] = mapped_column(String(64), default="")
    """The numbers it was decided by, with blanks between, in the order in which the rule's words name them."""

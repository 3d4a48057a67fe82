"""Table of dry runs of thresholds: what was tried, how far it has come, what it would do."""

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


class PolicyTrial(Base):
    """One dry run of other thresholds for one policy."""

    __tablename__ = "policy_trials"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(32))
    """Of the policy."""
    data: Mapped[dict[str, Any]]
    """The thresholds tried."""
    based_on: Mapped[int]
    """The version in force when it began, 0 = none was saved: what it says holds as long as that one does."""
    begun_at: Mapped[datetime]
    begun_by: Mapped[str] = mapped_column(String(64))
    total: Mapped[int] = mapped_column(default=0)
    """Buyers to look at."""
    done: Mapped[int] = mapped_column(default=0)
    cancelled: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None]
    """`moved`, `buyers`, and `moves`: ladder, from, to, friends."""

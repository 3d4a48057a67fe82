"""Table of what came of each campaign's messages, by the day on which they left."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


class CampaignDay(Base):
    """What one broadcast or scenario sent on one day, and what followed; counted each night."""

    __tablename__ = "campaign_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    """Of the shop's calendar: when LINE took the messages."""
    broadcast_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    scenario_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    """0 in the one that it is not. Without foreign keys: what was spent stays on record."""
    accepted: Mapped[int]
    """Messages that LINE took for a friend."""
    billed: Mapped[int]
    """Those of them that count towards the plan: replies, mails and what rode with another do not."""
    taps: Mapped[int]
    """Those of them with a tap on a tracked link."""
    blocks: Mapped[int]
    """Friends who blocked us within the days that are looked at."""
    orders: Mapped[int]
    yen: Mapped[int] = mapped_column(BigId)
    """Purchases of those friends within the days that are looked at."""

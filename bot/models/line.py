"""Tables about the LINE platform: every call made to it."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


class LineCall(Base):
    """One call to LINE and the id LINE gave it: LINE itself keeps no log one could ask."""

    __tablename__ = "line_calls"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    endpoint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    request_id: Mapped[str | None] = mapped_column(String(64))
    milliseconds: Mapped[int]
    error: Mapped[str | None] = mapped_column(Text)

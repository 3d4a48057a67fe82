"""Table of forms that were begun and not saved: kept by themselves, so that no crash and no log-out loses them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base


class FormDraft(Base):
    """What an operator has typed into one form so far."""

    __tablename__ = "form_drafts"

    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Which form: `message:12`, `message:new`, `broadcast:new`."""
    fields: Mapped[dict[str, Any]]
    base: Mapped[str] = mapped_column(String(64), default="")
    """Which state of what is stored it was begun from: told when that has changed meanwhile."""
    saved_at: Mapped[datetime]

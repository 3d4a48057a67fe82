"""Tables of saved conditions and of the lists frozen from them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


class Segment(Base):
    """A saved condition."""

    __tablename__ = "segments"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(128), unique=True)
    condition: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Audience(Base):
    """A segment frozen for a send: the list never changes once made."""

    __tablename__ = "audiences"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    condition: Mapped[dict[str, Any]]
    """The condition as it stood; `{"list": "file name"}` for a CSV of friends."""
    created_at: Mapped[datetime]
    size: Mapped[int] = mapped_column(default=0)


class AudienceMember(Base):
    """One friend in a frozen list."""

    __tablename__ = "audience_members"

    audience_id: Mapped[int] = mapped_column(ForeignKey("audiences.id", ondelete="CASCADE"), primary_key=True)
    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), primary_key=True)


class Setting(Base):
    """One setting of the shop, as JSON under a name."""

    __tablename__ = "settings"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]

"""Tables of saved conditions and of the lists frozen from them."""

from datetime import date, datetime
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
    version: Mapped[int] = mapped_column(default=1)
    """Raised by every change: whoever edits an older one is told."""
    watched: Mapped[bool] = mapped_column(default=False)
    """Whether its members are kept, so that entering and leaving is news (a tag's rule, a scenario's start)."""
    kept_by_hand: Mapped[bool] = mapped_column(default=False)
    """Whether an operator wants to see who comes and goes; it is watched then, whoever else asks for it or not."""
    members_as_of: Mapped[datetime | None]
    """Up to when passing time is taken into the kept members; None while they are still to be found."""
    members_version: Mapped[int | None]
    """The version whose condition the kept members follow or are being brought to follow; None when none are kept."""
    members_basis: Mapped[str | None] = mapped_column(String(64))
    """Digest of the condition and of what decides its meaning: the segments it names, the cuts of scores."""
    filling: Mapped[dict[str, Any] | None]
    """How far a comparison with all friends has come (segments.watching.Filling); None when none is under way."""
    members_problem: Mapped[dict[str, Any] | None]
    """Why the members stay as they are for now, as `{"code": …, "params": {…}}`; None while they are kept true."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class SegmentVersion(Base):
    """A segment's condition as it stood in one version."""

    __tablename__ = "segment_versions"

    segment_id: Mapped[int] = mapped_column(ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    condition: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]
    saved_by: Mapped[str] = mapped_column(String(64))


class SegmentMember(Base):
    """A friend who is in a watched segment."""

    __tablename__ = "segment_members"

    segment_id: Mapped[int] = mapped_column(ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True)
    friend_id: Mapped[int] = mapped_column(
        ForeignKey("friends.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    since: Mapped[datetime]


class SegmentSize(Base):
    """How many friends a segment had on one day of the shop's calendar."""

    __tablename__ = "segment_sizes"

    segment_id: Mapped[int] = mapped_column(ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    size: Mapped[int]


class SegmentMoves(Base):
    """How many friends entered and left a watched segment on one day of the shop's calendar."""

    __tablename__ = "segment_moves"

    segment_id: Mapped[int] = mapped_column(ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    entered: Mapped[int]
    left: Mapped[int]


class Touched(Base):
    """A friend of whom something changed, so that watched segments look at them again.

    A queue and not a mark on the friend: what is added while another change is being looked at is not lost.
    """

    __tablename__ = "touched"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), index=True)


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

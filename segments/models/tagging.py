"""Tables of tags put on or taken off many friends at once, so that it can be watched, stopped and undone."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


class TaggingState(StrEnum):
    """Where a tagging of many stands."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    """Somebody stopped it on the way: whom it had reached stays as it made them, until it is undone."""
    UNDOING = "undoing"
    UNDONE = "undone"


class Tagging(Base):
    """One tag put on, or taken off, all friends of a choice."""

    __tablename__ = "taggings"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    tag_id: Mapped[int | None] = mapped_column(ForeignKey("tags.id", ondelete="SET NULL"))
    name: Mapped[str] = mapped_column(String(64))
    """The tag's name then."""
    adds: Mapped[bool]
    """Whether it is put on; else it is taken off."""
    choice: Mapped[dict[str, Any]]
    """Whom it is for, as segments.friend_choice writes it."""
    expected: Mapped[int]
    """How many friends matched when it was confirmed."""
    state: Mapped[TaggingState] = mapped_column(default=TaggingState.RUNNING)
    through: Mapped[int] = mapped_column(BigId, default=0)
    """The last friend id that was looked at: a restart goes on after it."""
    looked_at: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    """Friends on whom it was not, or was, before."""
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(64))
    ended_at: Mapped[datetime | None]


class TaggingFriend(Base):
    """A friend whom a tagging changed: undoing it changes these back and nobody else."""

    __tablename__ = "tagging_friends"

    tagging_id: Mapped[int] = mapped_column(ForeignKey("taggings.id", ondelete="CASCADE"), primary_key=True)
    friend_id: Mapped[int] = mapped_column(
        ForeignKey("friends.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    set_at: Mapped[datetime | None]
    set_by: Mapped[str | None] = mapped_column(String(64))
    """When and by whom a tag that was taken off had been put on."""

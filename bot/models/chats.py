"""Table of how the bot's conversation with each friend stands."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base


class ChatState(Base):
    """What the bot must remember of one friend between two messages; no row = nothing."""

    __tablename__ = "chat_states"

    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), primary_key=True)
    expecting: Mapped[str | None] = mapped_column(String(80))
    """What the friend was asked to type: `referral`, `member`, or `survey:` and a question."""
    expecting_until: Mapped[datetime | None]
    with_person_since: Mapped[datetime | None]
    """When the friend asked for a person; it lasts while a question of theirs since then is open."""
    told_to_wait_at: Mapped[datetime | None]
    """When the friend was last told that a person will answer."""
    preference_at: Mapped[datetime | None]
    """When the friend last said stop or start, by LINE's clock: an older wish arriving late changes nothing."""
    language_chosen: Mapped[bool] = mapped_column(default=False)
    """Whether the friend chose their language: then the profile's no longer counts."""

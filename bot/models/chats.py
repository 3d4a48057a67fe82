"""Tables of how the conversation with each friend stands: for the bot, and for the people who answer."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


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
    held_until: Mapped[datetime | None]
    """Until when a person of the shop has the conversation and the bot keeps silent; None = the bot has it."""
    assigned_to_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id", ondelete="SET NULL"))
    """Who of the shop answers this friend."""
    reply_token: Mapped[str | None] = mapped_column(Text)
    """Of the friend's newest message that the bot left to a person: with it an answer is free, once."""
    reply_token_until: Mapped[datetime | None]
    answer_delivery_id: Mapped[int | None] = mapped_column(BigId)
    """The last answer a person sent, until somebody has dealt with its failure."""


# Answers whose outcome is still to be looked at, and who answers whom: both for the inbox.
Index(
    "ix_chat_states_answer_delivery_id",
    ChatState.answer_delivery_id,
    sqlite_where=ChatState.answer_delivery_id.is_not(None),
    postgresql_where=ChatState.answer_delivery_id.is_not(None),
)
Index(
    "ix_chat_states_assigned_to_id",
    ChatState.assigned_to_id,
    sqlite_where=ChatState.assigned_to_id.is_not(None),
    postgresql_where=ChatState.assigned_to_id.is_not(None),
)


class ChatViewer(Base):
    """Who has a friend's conversation open, as the page last said."""

    __tablename__ = "chat_viewers"

    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id", ondelete="CASCADE"), primary_key=True)
    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), primary_key=True)
    seen_at: Mapped[datetime]


class SavedReply(Base):
    """An answer written beforehand, with gaps such as {お名前} that the inbox fills in."""

    __tablename__ = "saved_replies"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    text: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime]
    updated_by: Mapped[str] = mapped_column(String(64))

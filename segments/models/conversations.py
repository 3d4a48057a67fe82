"""Tables of what was said: messages both ways, and questions that wait for a person."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


class Direction(StrEnum):
    """Who spoke."""

    IN = "in"
    OUT = "out"


class ChatMessage(Base):
    """One message of a friend's chat, in either direction."""

    __tablename__ = "chat_messages"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"))
    direction: Mapped[Direction]
    kind: Mapped[str] = mapped_column(String(16))
    """LINE's message type, or `postback`."""
    text: Mapped[str] = mapped_column(Text, default="")
    content: Mapped[dict[str, Any] | None]
    """The message object, as far as it is needed to show it again."""
    line_message_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    delivery_id: Mapped[int | None] = mapped_column(BigId, index=True)
    at: Mapped[datetime]
    unsent_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_chat_messages_friend_id_at", "friend_id", "at"),)


class Question(Base):
    """Something a friend asked that the bot could not answer: it waits for a person."""

    __tablename__ = "questions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey("chat_messages.id", ondelete="SET NULL"), unique=True
    )
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None] = mapped_column(index=True)
    answered_by: Mapped[str | None] = mapped_column(String(64))
    answer_delivery_id: Mapped[int | None] = mapped_column(BigId)
    """The message that answered it, when one was sent from the console."""
    overdue_at: Mapped[datetime | None]
    """When it was found that nobody had answered in time, and trust was lowered for it."""


# Questions that nobody has answered nor found overdue, by when they were asked: the clock reads only the old end.
Index(
    "ix_questions_waiting",
    Question.asked_at,
    sqlite_where=Question.answered_at.is_(None) & Question.overdue_at.is_(None),
    postgresql_where=Question.answered_at.is_(None) & Question.overdue_at.is_(None),
)


class ChatMedia(Base):
    """A small picture of what a friend sent, fetched from LINE when somebody first looked at it."""

    __tablename__ = "chat_media"

    message_id: Mapped[int] = mapped_column(
        ForeignKey("chat_messages.id", ondelete="CASCADE"), primary_key=True
    )
    content: Mapped[bytes] = mapped_column(LargeBinary)
    content_type: Mapped[str] = mapped_column(String(32))
    fetched_at: Mapped[datetime]

"""Tables of what can be said: messages and their versions."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId

CONTENT_FORMAT = 1
"""The newest form of content that this version can write out; raised with what older versions could not say."""


class Purpose(StrEnum):
    """Why a message goes out; offers are withheld from friends who are to get none."""

    CARE = "care"
    SALES = "sales"
    SERVICE = "service"
    """An answer the friend asked for."""


class Message(Base):
    """Something the shop says, in every language, versioned."""

    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Names a ready message of templates/messages; None for an operator's own."""
    name: Mapped[str] = mapped_column(String(128))
    purpose: Mapped[Purpose]
    kept: Mapped[bool] = mapped_column(default=False)
    """Whether it stands in the list of messages to use again, and not with one broadcast or step alone."""
    archived_at: Mapped[datetime | None]
    """Since when it is put away: offered nowhere any more, said where it is in use."""
    created_at: Mapped[datetime]


class MessageVersion(Base):
    """One version of a message: what a delivery was made from stays readable."""

    __tablename__ = "message_versions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    version: Mapped[int]
    content: Mapped[dict[str, Any]]
    """`{"ja": [message objects with Jinja in their strings], "en": [...]}`."""
    format: Mapped[int] = mapped_column(default=CONTENT_FORMAT)
    """Which versions of the program can write it out; older workers leave it to newer ones."""
    form: Mapped[dict[str, Any] | None]
    """What stood in the editor's fields, to be edited again; None for content that was not made there."""
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64), default="system")

    __table_args__ = (UniqueConstraint("message_id", "version"),)

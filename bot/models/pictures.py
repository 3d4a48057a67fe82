"""Tables of the pictures that operators upload for their messages: what each is called, and its bytes in three sizes."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


class PictureSize(StrEnum):
    """How large a picture is."""

    FULL = "full"
    """What a tap on an image message opens."""
    CARD = "card"
    """What stands in the chat: previews, cards, Flex Messages."""
    SMALL = "small"
    """What lists of the console show."""


class Picture(Base):
    """One uploaded picture, ready for LINE."""

    __tablename__ = "pictures"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    """Names it in addresses: whoever is not told it cannot guess it."""
    name: Mapped[str] = mapped_column(String(128))
    """What its file was called."""
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the uploaded file: the same one is kept once."""
    kind: Mapped[str] = mapped_column(String(4))
    """`jpg` or `png`: how its addresses end."""
    width: Mapped[int]
    height: Mapped[int]
    """Of the largest size, in pixels."""
    byte_count: Mapped[int]
    """Of all sizes together."""
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))


class PictureFile(Base):
    """The bytes of one size of a picture; they never change."""

    __tablename__ = "picture_files"

    picture_id: Mapped[int] = mapped_column(ForeignKey("pictures.id", ondelete="CASCADE"), primary_key=True)
    size: Mapped[PictureSize] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)

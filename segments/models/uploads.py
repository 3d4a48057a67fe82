"""Tables of files that were handed in through the browser, until they are imported."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


class UploadState(StrEnum):
    """Where a file stands."""

    CHOOSING = "choosing"
    """Its columns are still to be confirmed."""
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Upload(Base):
    """One file, what was chosen about it, and how far the work on it has come."""

    __tablename__ = "uploads"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    """`friends`, `products` or `purchases`."""
    file_name: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigId)
    """Bytes."""
    digest: Mapped[str] = mapped_column(String(64), index=True)
    """SHA-256 of the bytes: the same file again is recognised."""
    encoding: Mapped[str] = mapped_column(String(32))
    choices: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the operator chose: mapping, create_products, round_yen."""
    uploaded_at: Mapped[datetime] = mapped_column(index=True)
    uploaded_by: Mapped[str] = mapped_column(String(64))
    state: Mapped[UploadState] = mapped_column(default=UploadState.CHOOSING)
    attempt: Mapped[int] = mapped_column(default=0)
    """Counts what was asked for, so that each has a job of its own."""
    is_rehearsal: Mapped[bool] = mapped_column(default=True)
    """Whether the last thing asked for is a trial that keeps nothing."""
    phase: Mapped[str] = mapped_column(String(16), default="")
    done: Mapped[int] = mapped_column(BigId, default=0)
    total: Mapped[int] = mapped_column(BigId, default=0)
    cancel_asked_at: Mapped[datetime | None]
    failure: Mapped[dict[str, Any] | None]
    """Why the file as a whole was not taken: `code` and `params`."""


class UploadPart(Base):
    """A piece of a file's bytes, deflated; gone once the file is imported."""

    __tablename__ = "upload_parts"

    upload_id: Mapped[int] = mapped_column(ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)

"""Tables of exports of everything: how far each has come, and its file, in pieces.

In the database and not in a folder: the worker that makes the file and the web that hands it out may be two machines.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


class ExportState(StrEnum):
    """Where an export stands."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    GONE = "gone"
    """Its file was deleted: its time was over, or a friend who was in it was erased."""


class DataExport(Base):
    """One export of everything."""

    __tablename__ = "data_exports"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    state: Mapped[ExportState] = mapped_column(default=ExportState.RUNNING)
    asked_at: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int] = mapped_column(default=0)
    """Lines written so far."""
    expected: Mapped[int] = mapped_column(default=0)
    """Lines there were to write when it began; 0 while that is not known."""
    size: Mapped[int] = mapped_column(BigId, default=0)
    """Bytes of the file."""
    ended_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    """When its file is deleted."""


class ExportPiece(Base):
    """A piece of an export's file."""

    __tablename__ = "export_pieces"

    export_id: Mapped[int] = mapped_column(
        ForeignKey("data_exports.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)

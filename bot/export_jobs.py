"""The job that makes an export: a ZIP file, piece by piece into the database, told of and cancelled on the way."""

import csv
import json
from datetime import datetime
from io import TextIOWrapper
from typing import IO, cast
from zipfile import ZIP_DEFLATED, ZipFile

import structlog
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from bot import export_tables
from bot.exporting import JSON_FILE, KEPT_FOR
from bot.models import DataExport, ExportPiece, ExportState
from segments import shop
from segments.clock import Clock
from segments.db import Database

log = structlog.get_logger(__name__)


PIECE = 1024 * 1024
"""Bytes."""

TOLD_EVERY = 2000
"""Lines between two looks at whether somebody cancelled."""


class Cancelled(Exception):
    """Somebody wants the export no more."""


def run(database: Database, clock: Clock, export_id: int) -> None:
    """Make the file; after a crash it is begun anew."""
    if not _begin(database, export_id):
        return
    try:
        size = _write(database, export_id, clock.now())
    except Cancelled:
        with database.begin() as session:
            session.execute(delete(ExportPiece).where(ExportPiece.export_id == export_id))
        return
    except Exception:
        with database.begin() as session:
            session.execute(delete(ExportPiece).where(ExportPiece.export_id == export_id))
            _end(session, export_id, ExportState.FAILED, clock.now())
        raise
    with database.begin() as session:
        _end(session, export_id, ExportState.DONE, clock.now(), size)
    log.info("exported", export=export_id, bytes=size)


def _begin(database: Database, export_id: int) -> bool:
    with database.begin() as session:
        session.execute(delete(ExportPiece).where(ExportPiece.export_id == export_id))
        expected = export_tables.count(session)
        wanted = DataExport.id == export_id, DataExport.state == ExportState.RUNNING
        begun = update(DataExport).where(*wanted).values(rows=0, expected=expected)
        return session.scalar(begun.returning(DataExport.id)) is not None


def _end(session: Session, export_id: int, state: ExportState, now: datetime, size: int = 0) -> None:
    expires_at = now + KEPT_FOR if state is ExportState.DONE else None
    wanted = DataExport.id == export_id, DataExport.state == ExportState.RUNNING
    ended = {"state": state, "ended_at": now, "size": size, "expires_at": expires_at}
    if session.scalar(update(DataExport).where(*wanted).values(ended).returning(DataExport.id)) is None:
        session.execute(delete(ExportPiece).where(ExportPiece.export_id == export_id))


def _write(database: Database, export_id: int, now: datetime) -> int:
    sink, written = _Pieces(database, export_id), 0
    with database.reading() as session, ZipFile(cast("IO[bytes]", sink), "w", ZIP_DEFLATED) as file:
        if not database.is_sqlite:
            # One moment for all tables, as SQLite's reader has it anyway.
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        zone = shop.load(session).zone
        for table in export_tables.tables():
            with (
                file.open(f"{table.name}.csv", "w", force_zip64=True) as entry,
                TextIOWrapper(entry, encoding="utf-8-sig", newline="") as text,
            ):
                sheet = csv.writer(text, lineterminator="\r\n")
                for line in export_tables.lines(session, table, zone):
                    sheet.writerow(line)
                    written += 1
                    if written % TOLD_EVERY == 0:
                        sink.tell_rows(written)
        told = json.dumps(export_tables.as_json(session, zone, now), ensure_ascii=False, indent=1)
        file.writestr(JSON_FILE, told)
    sink.close()
    return sink.size


class _Pieces:
    """A file that can only be written to: every full piece goes into the database at once."""

    def __init__(self, database: Database, export_id: int) -> None:
        self._database, self._export_id = database, export_id
        self._buffer, self._number = bytearray(), 0
        self.size = 0

    def write(self, data: bytes) -> int:
        """Take bytes."""
        self._buffer += data
        self.size += len(data)
        while len(self._buffer) >= PIECE:
            self._store(bytes(self._buffer[:PIECE]))
            del self._buffer[:PIECE]
        return len(data)

    def flush(self) -> None:
        """Do nothing: only full pieces are stored."""

    def close(self) -> None:
        """Store what is left."""
        if self._buffer:
            self._store(bytes(self._buffer))
            self._buffer.clear()

    def tell_rows(self, rows: int) -> None:
        """Say how far it is. Raises Cancelled when nobody wants it any more."""
        wanted = DataExport.id == self._export_id, DataExport.state == ExportState.RUNNING
        with self._database.begin() as session:
            told = update(DataExport).where(*wanted).values(rows=rows).returning(DataExport.id)
            if session.scalar(told) is None:
                raise Cancelled

    def _store(self, data: bytes) -> None:
        with self._database.begin() as session:
            session.add(ExportPiece(export_id=self._export_id, number=self._number, data=data))
        self._number += 1

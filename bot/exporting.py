"""Exports everything: into a folder, or into a ZIP file that a job makes and the console hands out for a day.

The file is kept in pieces of the database, so that it grows piece by piece and any process can hand it out.
"""

import csv
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import TextIOWrapper
from pathlib import Path
from typing import IO, cast
from zipfile import ZIP_DEFLATED, ZipFile

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot import export_tables
from bot.models import DataExport, ExportPiece, ExportState
from scheduler.jobs import Job, JobQueue
from segments import shop
from segments.clock import Clock
from segments.db import Database
from segments.errors import Conflict, NotFound

log = structlog.get_logger(__name__)
PIECE = 1024 * 1024
"""Bytes."""
KEPT_FOR = timedelta(hours=24)
TOLD_EVERY = 2000
"""Lines between two looks at whether somebody cancelled."""
JSON_FILE = "shop.json"


class Cancelled(Exception):
    """Somebody wants the export no more."""


def write_folder(session: Session, folder: Path, now: datetime, hears: Callable[[int], None]) -> int:
    """Write everything into a folder, over what is there; return how many lines. `hears` is told them as they come."""
    zone, written = shop.load(session).zone, 0
    folder.mkdir(parents=True, exist_ok=True)
    for table in export_tables.tables():
        with (folder / f"{table.name}.csv").open("w", encoding="utf-8-sig", newline="") as file:
            sheet = csv.writer(file, lineterminator="\r\n")
            for line in export_tables.lines(session, table, zone):
                sheet.writerow(line)
                written += 1
                hears(written)
    text = json.dumps(export_tables.as_json(session, zone, now), ensure_ascii=False, indent=1)
    (folder / JSON_FILE).write_text(text, encoding="utf-8")
    return written


def ask(session: Session, queue: JobQueue, by: str, now: datetime) -> DataExport:
    """Have everything exported. Raises Conflict("export_running") while one is under way."""
    drop_expired(session, now)
    running = select(DataExport.id).where(DataExport.state == ExportState.RUNNING)
    if session.scalar(running.limit(1)) is not None:
        raise Conflict("export_running")
    made = DataExport(asked_at=now, asked_by=by)
    session.add(made)
    session.flush()
    queue.enqueue(session, Job.EXPORT, f"export-{made.id}", made.id)
    return made


def load(session: Session, export_id: int) -> DataExport:
    """Return an export; raises NotFound("export_unknown")."""
    found = session.get(DataExport, export_id) if 0 < export_id < 2**63 else None
    if found is None:
        raise NotFound("export_unknown")
    return found


def lately(session: Session, limit: int = 10) -> list[DataExport]:
    """Return the newest exports."""
    return list(session.scalars(select(DataExport).order_by(DataExport.id.desc()).limit(limit)))


def cancel(session: Session, export_id: int, now: datetime) -> None:
    """Stop an export, its pieces are dropped. Raises NotFound, or Conflict("export_over")."""
    load(session, export_id)
    running = DataExport.id == export_id, DataExport.state == ExportState.RUNNING
    stopped = update(DataExport).where(*running).values(state=ExportState.CANCELLED, ended_at=now)
    if session.scalar(stopped.returning(DataExport.id)) is None:
        raise Conflict("export_over")
    session.execute(delete(ExportPiece).where(ExportPiece.export_id == export_id))


def drop_expired(session: Session, now: datetime) -> None:
    """Delete files whose time is over."""
    _drop(session, session.scalars(select(DataExport.id).where(DataExport.expires_at <= now)).all(), now)


def drop_files(session: Session, now: datetime) -> None:
    """Delete every file there is, and stop what makes one: a friend who is in it was erased."""
    running = update(DataExport).where(DataExport.state == ExportState.RUNNING)
    session.execute(running.values(state=ExportState.CANCELLED, ended_at=now))
    _drop(session, session.scalars(select(DataExport.id)).all(), now)


def _drop(session: Session, ids: "list[int] | object", now: datetime) -> None:
    named = list(cast("list[int]", ids))
    if not named:
        return
    session.execute(delete(ExportPiece).where(ExportPiece.export_id.in_(named)))
    done = DataExport.id.in_(named), DataExport.state == ExportState.DONE
    session.execute(update(DataExport).where(*done).values(state=ExportState.GONE, expires_at=None))


def pieces(database: Database, export_id: int) -> Iterator[bytes]:
    """Return the file piece by piece, each read by itself: a slow download holds nothing open."""
    number = 0
    while True:
        with database.reading() as session:
            piece = session.get(ExportPiece, (export_id, number))
            if piece is None:
                return
            data = piece.data
        yield data
        number += 1


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

"""Exports everything: into a folder, or into a ZIP file that a job (export_jobs) makes and the console hands out for a day.

The file is kept in pieces of the database, so that it grows piece by piece and any process can hand it out.
"""

import csv
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot import export_tables
from bot.models import DataExport, ExportPiece, ExportState
from scheduler.jobs import Job, JobQueue
from segments import shop
from segments.db import Database
from segments.errors import Conflict, NotFound

log = structlog.get_logger(__name__)
KEPT_FOR = timedelta(hours=24)
JSON_FILE = "shop.json"


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

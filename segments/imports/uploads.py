"""Files handed in through the browser: kept in the database until they are imported, wherever the worker is.

In the database and not in a folder: the web that takes the file and the worker that reads it may be two machines.
"""

import codecs
import hashlib
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from segments.errors import Conflict, Invalid, NotFound
from segments.imports.encodings import encoding_of
from segments.models import ImportRun, ImportState, Upload, UploadPart, UploadState

PART = 1 << 20
"""Bytes of a piece before it is deflated."""
KEPT = timedelta(days=7)
"""How long a file waits for its columns to be confirmed."""
KINDS = ("friends", "products", "purchases")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How the files of Excel itself begin."""


def take(session: Session, kind: str, file_name: str, path: Path, by: str, now: datetime) -> Upload:
    """Keep the file at `path`; raise Invalid when no text can be read from it (spreadsheet_file, csv_empty, …)."""
    with path.open("rb") as file:
        beginning = file.read(4)
    if beginning in _SPREADSHEETS:
        raise Invalid("spreadsheet_file")
    upload = Upload(
        kind=kind,
        file_name=file_name[:255],
        size=path.stat().st_size,
        digest="",
        encoding=encoding_of(path, "utf-16" if beginning.startswith(_UTF16) else None),
        uploaded_at=now,
        uploaded_by=by,
        choices={},
    )
    session.add(upload)
    session.flush()
    digest = hashlib.sha256()
    for number, piece in enumerate(_pieces(path)):
        digest.update(piece)
        session.add(UploadPart(upload_id=upload.id, number=number, data=zlib.compress(piece, 3)))
        session.flush()
    upload.digest = digest.hexdigest()
    return upload


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PART):
            yield piece


@contextmanager
def opened(session: Session, upload: Upload, *, beginning: bool = False) -> Generator[Path]:
    """Give the file's bytes back as a file; with `beginning` its first lines alone."""
    numbers = select(UploadPart.number).where(UploadPart.upload_id == upload.id).order_by(UploadPart.number)
    wanted = session.scalars(numbers.limit(1) if beginning else numbers).all()
    if not wanted:
        raise NotFound("upload_gone")
    with TemporaryDirectory(prefix="kokyaku-upload-") as folder:
        path = Path(folder) / "upload.csv"
        with path.open("wb") as file:
            for number in wanted:
                piece = _part(session, upload.id, number)
                cut = beginning and upload.size > PART
                file.write(_whole_lines(piece, upload.encoding) if cut else piece)
        yield path


def _part(session: Session, upload_id: int, number: int) -> bytes:
    query = select(UploadPart.data).where(UploadPart.upload_id == upload_id, UploadPart.number == number)
    return zlib.decompress(session.scalars(query).one())


def _whole_lines(piece: bytes, encoding: str) -> bytes:
    """Leave out the last line, which the piece broke off somewhere."""
    end = b"\n\0" if encoding.startswith("utf-16") else b"\n"
    at = piece.rfind(end)
    return piece if at < 0 else piece[: at + len(end)]


def found(session: Session, upload_id: int) -> Upload:
    """Return an upload; raise NotFound (upload_unknown)."""
    upload = session.get(Upload, upload_id)
    if upload is None:
        raise NotFound("upload_unknown")
    return upload


def earlier(session: Session, upload: Upload) -> ImportRun | None:
    """Return the last import that went through with the very same bytes."""
    same = select(Upload.id).where(Upload.digest == upload.digest, Upload.kind == upload.kind)
    query = (
        select(ImportRun)
        .where(
            ImportRun.upload_id.in_(same),
            ImportRun.is_rehearsal.is_(False),
            ImportRun.state == ImportState.DONE,
        )
        .order_by(ImportRun.id.desc())
    )
    return session.scalars(query.limit(1)).first()


def ask(session: Session, upload_id: int, choices: Mapping[str, Any], *, rehearsal: bool) -> Upload:
    """Ask for a file to be imported as chosen, or tried; raise Conflict (upload_busy, upload_gone).

    The caller enqueues the job of `attempt`.
    """
    claim = (
        update(Upload)
        .where(Upload.id == upload_id, Upload.state.not_in([UploadState.WAITING, UploadState.RUNNING]))
        .values(
            state=UploadState.WAITING,
            is_rehearsal=rehearsal,
            attempt=Upload.attempt + 1,
            choices=dict(choices),
            phase="",
            done=0,
            total=0,
            cancel_asked_at=None,
            failure=None,
        )
        .returning(Upload.id)
        .execution_options(synchronize_session=False)
    )
    if session.scalar(claim) is None:
        found(session, upload_id)
        raise Conflict("upload_busy")
    if not session.scalar(select(exists().where(UploadPart.upload_id == upload_id))):
        raise Conflict("upload_gone")
    return session.get_one(Upload, upload_id, populate_existing=True)


def cancel(session: Session, upload_id: int, now: datetime) -> None:
    """Ask the worker to stop after the lines it has in hand; what only waits is stopped at once."""
    live = Upload.id == upload_id, Upload.state == UploadState.RUNNING
    session.execute(update(Upload).where(*live).values(cancel_asked_at=now))
    waiting = Upload.id == upload_id, Upload.state == UploadState.WAITING
    session.execute(update(Upload).where(*waiting).values(state=UploadState.CANCELLED, cancel_asked_at=now))


def forget(session: Session, now: datetime) -> int:
    """Delete the bytes of files that nobody imported within KEPT, and files that were never tried; return how many."""
    old = Upload.uploaded_at < now - KEPT, Upload.state.not_in([UploadState.WAITING, UploadState.RUNNING])
    stale = session.scalars(select(Upload.id).where(*old)).all()
    with_parts = set(session.scalars(select(UploadPart.upload_id).where(UploadPart.upload_id.in_(stale))))
    session.execute(delete(UploadPart).where(UploadPart.upload_id.in_(with_parts)))
    never = select(ImportRun.upload_id).where(ImportRun.upload_id.is_not(None))
    gone = delete(Upload).where(Upload.id.in_(with_parts), Upload.id.not_in(never))
    session.execute(gone.execution_options(synchronize_session=False))
    return len(with_parts)


def runs(session: Session, upload_id: int, *, rehearsal: bool) -> list[ImportRun]:
    """Return the runs of a file, the oldest first: more than one when it was interrupted or done again."""
    query = select(ImportRun).where(ImportRun.upload_id == upload_id, ImportRun.is_rehearsal.is_(rehearsal))
    return list(session.scalars(query.order_by(ImportRun.id)))

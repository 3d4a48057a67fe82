"""Imports a file that was handed in, as a job: tells how far it is, stops when asked, begins anew after a crash."""

from collections.abc import Callable, Mapping
from datetime import datetime
from time import monotonic
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from segments import shop
from segments.clock import Clock
from segments.db import Database
from segments.errors import Invalid
from segments.imports import uploads
from segments.imports.friends import import_friends
from segments.imports.options import Decimals, ImportOptions, Phase
from segments.imports.products import import_products
from segments.imports.purchases import import_purchases
from segments.imports.run import Cancelled
from segments.models import ImportRun, ImportState, Upload, UploadPart, UploadState

IMPORTS = {"friends": import_friends, "products": import_products, "purchases": import_purchases}
TOLD_EVERY = 0.5
"""Seconds between two looks at the row that the browser watches."""
PRODUCTS_TRIED = 100_000
"""Lines of a products file tried at once: one product may name another a thousand lines above it."""


def work(database: Database, clock: Clock, upload_id: int, attempt: int) -> None:
    """Do what was asked for with a file; done again after a crash, it goes over what was recorded without harm."""
    with database.begin() as session:
        upload = _claimed(session, upload_id, attempt, clock.now())
        if upload is None:
            return
        options = options_of(upload, shop.load(session))
    try:
        with database.reading() as session, uploads.opened(session, upload) as path:
            session.rollback()  # the file is on disk: nobody's reading is held open for the whole import
            IMPORTS[upload.kind](database, path, clock, options, _Telling(database, upload_id))
    except Cancelled:
        _end(database, upload, UploadState.CANCELLED)
    except Invalid as problem:
        _end(database, upload, UploadState.FAILED, {"code": problem.code, "params": dict(problem.params)})
    except Exception:
        _end(database, upload, UploadState.FAILED, {"code": "import_broken", "params": {}})
        raise
    else:
        _end(database, upload, UploadState.DONE)


def options_of(upload: Upload, own: shop.Shop) -> ImportOptions:
    """Return what was chosen about a file."""
    choices: Mapping[str, Any] = upload.choices
    rounds = choices.get("round_yen")
    tries_products = upload.kind == "products" and upload.is_rehearsal
    return ImportOptions(
        mapping=choices.get("mapping", {}),
        encoding=upload.encoding,
        zone=own.zone,
        create_products=bool(choices.get("create_products")),
        currency_decimals=Decimals.ROUND if rounds else Decimals.REFUSE,
        is_rehearsal=upload.is_rehearsal,
        by=upload.uploaded_by,
        upload_id=upload.id,
        file_name=upload.file_name,
        batch_lines=PRODUCTS_TRIED if tries_products else ImportOptions.batch_lines,
    )


def _claimed(session: Session, upload_id: int, attempt: int, now: datetime) -> Upload | None:
    """Return the file if this attempt is still what is asked for; a run that a crash cut short is closed."""
    claim = (
        update(Upload)
        .where(
            Upload.id == upload_id,
            Upload.attempt == attempt,
            Upload.state.in_([UploadState.WAITING, UploadState.RUNNING]),
        )
        .values(state=UploadState.RUNNING)
        .returning(Upload.id)
        .execution_options(synchronize_session=False)
    )
    if session.scalar(claim) is None:
        return None
    cut = ImportRun.upload_id == upload_id, ImportRun.state == ImportState.RUNNING
    session.execute(update(ImportRun).where(*cut).values(state=ImportState.FAILED, ended_at=now))
    return session.get_one(Upload, upload_id, populate_existing=True)


class _Telling:
    """Hears the progress and writes it down, twice a second at most."""

    def __init__(self, database: Database, upload_id: int, timer: Callable[[], float] = monotonic) -> None:
        self._database, self._upload_id, self._timer = database, upload_id, timer
        self._told = -TOLD_EVERY

    def __call__(self, phase: Phase, done: int, total: int) -> None:
        """Write how far it is; raise Cancelled when somebody asked for it."""
        if done < total and self._timer() - self._told < TOLD_EVERY:
            return
        self._told = self._timer()
        told = (
            update(Upload)
            .where(Upload.id == self._upload_id)
            .values(phase=phase.value, done=done, total=total)
            .returning(Upload.cancel_asked_at)
        )
        with self._database.begin() as session:
            cancelled = session.scalar(told)
        if cancelled is not None and not (phase is Phase.RECORDING and done >= total):
            raise Cancelled


def _end(
    database: Database, upload: Upload, state: UploadState, failure: dict[str, Any] | None = None
) -> None:
    with database.begin() as session:
        session.execute(update(Upload).where(Upload.id == upload.id).values(state=state, failure=failure))
        if state is UploadState.DONE and not upload.is_rehearsal:
            # The bytes have done their work; the digest stays to recognise the file.
            session.execute(delete(UploadPart).where(UploadPart.upload_id == upload.id))

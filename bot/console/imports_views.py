"""What the pages of imports show: files that wait, runs of the past, what came of one file, its refused lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.actors import actor_name
from segments.imports import uploads
from segments.models import ImportRun, ImportState, RefusedLine, Upload, UploadState

PAGE = 30
SHOWN = 50
"""Refused lines on a page; the file has them all."""


@dataclass(frozen=True)
class PastRun:
    """One import of the list."""

    run: ImportRun
    by: str


@dataclass(frozen=True)
class Result:
    """What came of a file, over all its runs."""

    run_id: int
    state: ImportState
    created: int
    changed: int
    unchanged: int
    refused: int
    unlinked: int
    """Those of the taken lines whose purchase belongs to no friend yet."""
    parts: int
    """How many times it was begun: more than one after a crash or a cancel."""
    ended_at: datetime | None

    @property
    def taken(self) -> int:
        """Lines that brought something."""
        return self.created + self.changed


@dataclass(frozen=True)
class RefusedRow:
    """One refused line."""

    line_number: int
    code: str
    params: dict[str, Any]


@dataclass(frozen=True)
class Overview:
    """The first page."""

    waiting: Sequence[tuple[Upload, str]]
    past: Sequence[PastRun]
    next_id: int | None


def overview(session: Session, before: int | None) -> Overview:
    """Return files that still wait for somebody, and imports that were made, the newest first."""
    open_states = UploadState.CHOOSING, UploadState.WAITING, UploadState.RUNNING
    tried = (Upload.is_rehearsal.is_(True), Upload.state.in_([UploadState.DONE, UploadState.CANCELLED]))
    unfinished = or_(Upload.state.in_(open_states), *[tried[0] & tried[1]])
    waiting = session.scalars(select(Upload).where(unfinished).order_by(Upload.id.desc()).limit(10)).all()
    query = select(ImportRun).where(ImportRun.is_rehearsal.is_(False)).order_by(ImportRun.id.desc())
    if before is not None:
        query = query.where(ImportRun.id < before)
    runs = session.scalars(query.limit(PAGE + 1)).all()
    shown = runs[:PAGE]
    names = _names(session, {run.by for run in shown} | {each.uploaded_by for each in waiting})
    return Overview(
        [(each, names[each.uploaded_by]) for each in waiting],
        [PastRun(run, names[run.by]) for run in shown],
        shown[-1].id if len(runs) > PAGE else None,
    )


def _names(session: Session, actors: set[str]) -> dict[str, str]:
    return {actor: actor_name(session, actor or "cli") for actor in actors}


def result(session: Session, upload_id: int, *, rehearsal: bool) -> Result | None:
    """Return what came of the last trial of a file, or of its import with all its beginnings; None before that."""
    runs = uploads.runs(session, upload_id, rehearsal=rehearsal)
    if not runs:
        return None
    last, before = runs[-1], [] if rehearsal else runs[:-1]
    return Result(
        run_id=last.id,
        state=last.state,
        created=last.created + sum(run.created for run in before),
        changed=last.accepted - last.created + sum(run.accepted - run.created for run in before),
        # Lines that an earlier beginning took are nothing new to the last one.
        unchanged=max(0, last.unchanged - sum(run.accepted for run in before)),
        refused=last.refused,
        unlinked=last.unlinked + sum(run.unlinked for run in before),
        parts=len(before) + 1,
        ended_at=last.ended_at,
    )


def refused(session: Session, run_id: int) -> list[RefusedRow]:
    """Return the first refused lines of a run."""
    query = (
        select(RefusedLine.line_number, RefusedLine.code, RefusedLine.params)
        .where(RefusedLine.import_run_id == run_id)
        .order_by(RefusedLine.line_number, RefusedLine.id)
        .limit(SHOWN)
    )
    return [RefusedRow(*row) for row in session.execute(query)]


def run(session: Session, run_id: int) -> ImportRun | None:
    """Return one run."""
    return session.get(ImportRun, run_id)


def run_by(session: Session, past: ImportRun) -> str:
    """Return who asked for it."""
    return actor_name(session, past.by or "cli")

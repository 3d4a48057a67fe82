"""Keeps account of one import: its run, what came of its lines, and the lines it refused."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from segments.errors import KokyakuError
from segments.imports.options import ImportOptions
from segments.models import ImportRun, ImportState, RefusedLine

SHOWN = 1000
"""How many refusals a report holds in memory; all of them are rows of `refused_lines`."""

_CUT = 200


@dataclass(frozen=True, slots=True)
class Refusal:
    """One line that was not taken (the header is line 1), and why."""

    line_number: int
    code: str
    params: dict[str, Any]


@dataclass(frozen=True)
class ImportReport:
    """What came of the lines of a file; accepted + unchanged + refused_count are all its lines.

    `refused` holds the first thousand of them in the order of the file's recording.
    """

    run_id: int
    accepted: int
    unchanged: int
    refused_count: int
    refused: list[Refusal]
    created: int = 0
    """Those of the accepted lines that made something new."""
    unlinked: int = 0
    """Those of the accepted lines whose purchase belongs to no friend yet."""


@dataclass
class Tally:
    """What came of some lines."""

    accepted: int = 0
    created: int = 0
    unchanged: int = 0
    unlinked: int = 0
    refused: list[Refusal] = field(default_factory=list[Refusal])

    def refuse(self, line_number: int, error: KokyakuError, column: str = "") -> None:
        """Note that a line was refused; `column` is the header of the cell at fault."""
        params = {"column": column, **error.params} if column else dict(error.params)
        self.refused.append(Refusal(line_number, error.code, {k: _cut(v) for k, v in params.items()}))


def _cut(value: object) -> object:
    if isinstance(value, str) and len(value) > _CUT:
        return f"{value[:_CUT]}…"
    return value


class Ledger:
    """Adds tallies up, in the database and in memory."""

    def __init__(self, run_id: int) -> None:
        self.run_id = run_id
        self._accepted = self._created = self._unchanged = self._refused = self._unlinked = 0
        self._shown: list[Refusal] = []

    def enter(self, session: Session, tally: Tally) -> None:
        """Write a tally in the transaction that did its work, so that both are kept or neither."""
        rows = [
            {"import_run_id": self.run_id, "line_number": r.line_number, "code": r.code, "params": r.params}
            for r in tally.refused
        ]
        if rows:
            session.execute(insert(RefusedLine), rows)
        session.execute(
            update(ImportRun)
            .where(ImportRun.id == self.run_id)
            .values(
                accepted=ImportRun.accepted + tally.accepted,
                created=ImportRun.created + tally.created,
                unchanged=ImportRun.unchanged + tally.unchanged,
                refused=ImportRun.refused + len(rows),
                unlinked=ImportRun.unlinked + tally.unlinked,
            )
            .execution_options(synchronize_session=False)
        )

    def count(self, tally: Tally) -> None:
        """Count a tally once its transaction is committed."""
        self._accepted += tally.accepted
        self._created += tally.created
        self._unchanged += tally.unchanged
        self._refused += len(tally.refused)
        self._unlinked += tally.unlinked
        self._shown.extend(tally.refused[: SHOWN - len(self._shown)])

    def report(self) -> ImportReport:
        """Return what was counted."""
        shown = sorted(self._shown, key=lambda refusal: refusal.line_number)
        counts = self._accepted, self._unchanged, self._refused
        return ImportReport(self.run_id, *counts, shown, self._created, self._unlinked)


def open_run(session: Session, kind: str, file_name: str, options: ImportOptions, now: datetime) -> int:
    """Add a running import and return its id."""
    run = ImportRun(
        kind=kind,
        file_name=options.file_name or file_name,
        started_at=now,
        state=ImportState.RUNNING,
        is_rehearsal=options.is_rehearsal,
        by=options.by,
        upload_id=options.upload_id,
    )
    session.add(run)
    session.flush()
    return run.id


def close_run(session: Session, run_id: int, state: ImportState, now: datetime) -> None:
    """Say how an import ended."""
    values = {"state": state, "ended_at": now}
    session.execute(update(ImportRun).where(ImportRun.id == run_id).values(values))

"""Runs one import: reads the file, sets its lines aside, records them batch by batch, keeps account."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from segments.clock import Clock
from segments.db import Database
from segments.errors import Invalid
from segments.imports.columns import Columns, Fields, Row
from segments.imports.encodings import encoding_of
from segments.imports.ledger import ImportReport, Ledger, Tally, close_run, open_run
from segments.imports.options import ImportOptions, Phase
from segments.imports.records import Record, open_records
from segments.imports.spool import Line, Spool, open_spool
from segments.models import ImportState

Progress = Callable[[Phase, int, int], None]
"""Hears the phase, how much of it is done and how much there is: bytes read, then lines recorded."""

MAX_SOURCE = 64


class Cancelled(Exception):
    """Raised by who hears the progress, between two batches: what was recorded so far stays."""


Group = Sequence[Row]
"""The rows of one key: the lines of one order, or the one line of a friend."""


@dataclass(frozen=True)
class Job:
    """What an importer is told with every batch."""

    options: ImportOptions
    columns: Columns
    now: datetime
    source: str


class Importer(Protocol):
    """One kind of file."""

    @property
    def kind(self) -> str:
        """The word for it in `import_runs`."""
        ...

    @property
    def fields(self) -> Fields:
        """Its columns."""
        ...

    def key_of(self, row: Row) -> str:
        """Return what rows of one group share; "" when the row names nothing."""
        ...

    def near_of(self, row: Row) -> str:
        """Return what groups are sorted by before they are recorded; "" keeps the order of the file."""
        ...

    def take(self, session: Session, groups: Sequence[Group], job: Job) -> Tally:
        """Record some groups with few queries, and say what came of each line."""
        ...


def silent(_phase: Phase, _done: int, _total: int) -> None:
    """Report progress to nobody."""


def run_import(
    importer: Importer,
    database: Database,
    path: Path,
    clock: Clock,
    options: ImportOptions,
    progress: Progress,
) -> ImportReport:
    """Import a file; good lines are kept whatever the others hold, and a second time changes nothing.

    Raises Invalid, having stored nothing, when the file as a whole cannot be read.
    """
    if len(options.source or "") > MAX_SOURCE:
        raise Invalid("source_too_long", limit=MAX_SOURCE)
    size, encoding = path.stat().st_size if path.is_file() else 0, encoding_of(path, options.encoding)
    with open_records(path, encoding, lambda done: progress(Phase.READING, done, size)) as records:
        columns = Columns(_header(records), importer.fields, options.mapping)
        with database.begin() as session:
            run_id = open_run(session, importer.kind, path.name, options, clock.now())
        state = ImportState.FAILED
        try:
            report = _Run(importer, database, clock, options, columns, Ledger(run_id), progress).read(records)
            state = ImportState.DONE
        except Cancelled:
            state = ImportState.CANCELLED
            raise
        finally:
            with database.begin() as session:
                close_run(session, run_id, state, clock.now())
    return report


def _header(records: Iterator[Record]) -> list[str]:
    first = next(records, None)
    if first is None:
        raise Invalid("csv_empty")
    if first.cells is None:
        raise Invalid("header_unreadable")
    return first.cells


@dataclass(frozen=True)
class _Run:
    importer: Importer
    database: Database
    clock: Clock
    options: ImportOptions
    columns: Columns
    ledger: Ledger
    progress: Progress

    def read(self, records: Iterator[Record]) -> ImportReport:
        with open_spool() as spool:
            self._set_aside(records, spool)
            done = 0
            for batch in self._batches(spool):
                self._record(batch)
                done += sum(len(group) for group in batch)
                self.progress(Phase.RECORDING, done, spool.count)
        return self.ledger.report()

    def _set_aside(self, records: Iterator[Record], spool: Spool) -> None:
        tally = Tally()
        for record in records:
            if record.cells is None:
                tally.refuse(record.line, Invalid("quotes_broken"))
                continue
            row = self.columns.row(record.line, record.cells)
            if key := self.importer.key_of(row):
                spool.add(record.line, key, self.importer.near_of(row), record.cells)
                continue
            tally.refuse(
                record.line, Invalid("value_missing"), self.columns.names_of(self.importer.fields.key)
            )
            if len(tally.refused) >= self.options.batch_lines:
                self._enter(tally)
                tally = Tally()
        self._enter(tally)

    def _batches(self, spool: Spool) -> Iterator[list[Group]]:
        batch: list[Group] = []
        lines = 0
        for group in spool.groups():
            batch.append([self._row(line) for line in group])
            lines += len(group)
            if lines >= self.options.batch_lines:
                yield batch
                batch, lines = [], 0
        if batch:
            yield batch

    def _row(self, line: Line) -> Row:
        return self.columns.row(line.number, line.cells)

    def _record(self, groups: Sequence[Group]) -> None:
        """Record groups in one transaction; when the database refuses it, find the group it refuses."""
        now = self.clock.now()
        source = self.options.source or f"import:{self.ledger.run_id}"
        try:
            with self.database.begin() as session:
                tally = self.importer.take(session, groups, Job(self.options, self.columns, now, source))
                if self.options.is_rehearsal:
                    session.rollback()
                else:
                    self.ledger.enter(session, tally)
        except (IntegrityError, DataError):
            if len(groups) > 1:
                middle = len(groups) // 2
                self._record(groups[:middle])
                self._record(groups[middle:])
                return
            tally = Tally()
            for row in groups[0]:
                tally.refuse(row.line, Invalid("database_refused"))
            self._enter(tally)
            return
        if self.options.is_rehearsal:
            with self.database.begin() as session:
                self.ledger.enter(session, tally)
        self.ledger.count(tally)

    def _enter(self, tally: Tally) -> None:
        if tally.refused:
            with self.database.begin() as session:
                self.ledger.enter(session, tally)
            self.ledger.count(tally)

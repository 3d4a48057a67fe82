"""Writes the dates of all cycle rows anew after the parameters changed: batch by batch, to be taken up where it stopped."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from segments import bulk_connection, bulk_indexes, driver_rows, refresh_batch, watching
from segments.db import Database
from segments.models import Cycle, Facts, Setting
from segments.refresh_ahead import Ahead, refreshing_ahead
from segments.refresh_batch import Done
from segments.working_ahead import version
from segments.working_beside import crew, parts

Progress = Callable[[int, int], None]
"""Hears how many rows were looked at and how many there are."""

PLACE = "cycle_refresh"
"""The setting that says up to which friend the dates are written; absent when all are."""
BATCH = 10_000
"""Friends a transaction takes: some tenths of a second, for which purchases wait on SQLite."""
WORTH_A_PROCESS = 50_000
"""Rows from which on a second process pays, and making the indexes anew instead of moving every row in each of them."""
WORTH_SEVERAL = 8
"""Times as many rows are worth it on PostgreSQL: for fewer, several processes cost more to begin than they save."""


def silent(_done: int, _total: int) -> None:
    """Tell nobody."""


def is_waiting(session: Session) -> bool:
    """Tell whether dates are still to be written after a change of parameters."""
    return session.get(Setting, PLACE) is not None


def start_over(session: Session, now: datetime) -> None:
    """Note that all dates are to be written."""
    _note(session, 0, now)


def refresh_dates(
    database: Database,
    now: datetime,
    progress: Progress = silent,
    *,
    batch: int = BATCH,
    worth_a_process: int = WORTH_A_PROCESS,
) -> int:
    """Write the dates of every cycle row by the parameters in force; return how many rows changed.

    Goes on where an earlier call was cut off. Purchases may come in meanwhile: a friend's rows are only
    written under the lock that a purchase takes too. Of very many rows the indexes are dropped for the while.
    """
    with database.begin() as session:
        total = session.scalar(select(func.count()).select_from(Cycle)) or 0
        if not is_waiting(session):
            start_over(session, now)
    many = total >= worth_a_process
    tally = _Tally(progress, total)
    with (
        bulk_connection.single(database) as single,
        bulk_indexes.without(single, (Cycle,) if many else ()),
    ):
        if many and single.is_sqlite:
            _ahead(single, now, batch, tally)
        elif total >= WORTH_SEVERAL * worth_a_process:
            _beside(single, now, batch, tally)
        _alone(single, now, batch, tally)
    return tally.changed


class _Tally:
    """How many rows were looked at, and changed, so far."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total = progress, total
        self._done = self.changed = 0

    def add(self, step: Done) -> None:
        self._done += step.looked_at
        self.changed += step.changed
        self._progress(min(self._done, self._total), self._total)


def _ahead(database: Database, now: datetime, batch: int, tally: _Tally) -> None:
    """Write what other processes make, as long as they do."""
    with database.begin() as session:
        after, began_at = session.get_one(Setting, PLACE).value["after"], version(session)
        newest = session.scalar(select(func.max(Cycle.friend_id))) or 0
    ranges = [(first, first + batch) for first in range(after, newest, batch)]
    with refreshing_ahead(str(database.url.database), ranges, now) as making:
        making.begin(began_at)
        while part := making.told():
            made, asked_at = part
            with database.begin() as session:
                if _place(session) != made.after:  # somebody else refreshes too, or from the beginning again
                    break
                current = version(session)
                making.ask(current)
                step = _write(session, made, now, stands=current == asked_at)
            tally.add(step)


def _write(session: Session, made: Ahead, now: datetime, *, stands: bool) -> Done:
    """Write what was made ahead; if somebody else wrote since it was asked for, make it anew."""
    step = made.done
    if stands:
        driver_rows.write(session, made.statements)
    else:
        size = step.last - made.after
        step = refresh_batch.refresh(session, made.after, size, now, up_to=step.last) or Done(step.last, 0, 0)
    _note(session, made.done.last, now)
    return step


def _beside(database: Database, now: datetime, batch: int, tally: _Tally) -> None:
    """Have several processes do batches side by side."""
    with database.reading() as session:
        after = session.get_one(Setting, PLACE).value["after"]
    buyers = select(Facts.friend_id).where(Facts.purchase_count > 0)
    with crew(database, partial(refresh_batch.of_part, now=now)) as working:
        for part, step in working.done(parts(database, buyers, after, batch)):
            with database.begin() as session:
                if _place(session) != part[0]:  # as above
                    break
                _note(session, part[1], now)
            tally.add(step)


def _alone(database: Database, now: datetime, batch: int, tally: _Tally) -> None:
    while True:
        with database.begin() as session:
            step = _batch(session, now, batch)
        if step is None:
            return
        tally.add(step)


def _batch(session: Session, now: datetime, size: int) -> Done | None:
    """Do the next friends; return what came of it, None at the end."""
    after = _place(session)
    if after is None:
        return None
    step = refresh_batch.refresh(session, after, size, now)
    if step is None:
        session.execute(delete(Setting).where(Setting.name == PLACE))
        watching.compare_anew(session, watching.reads_cycles, now)
        return None
    _note(session, step.last, now)
    return step


def _place(session: Session) -> int | None:
    place = session.get(Setting, PLACE, with_for_update=True)
    return None if place is None else place.value["after"]


def _note(session: Session, friend_id: int, now: datetime) -> None:
    session.merge(Setting(name=PLACE, value={"after": friend_id}, updated_at=now))

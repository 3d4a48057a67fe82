"""Writes the dates of all cycle rows anew after the parameters changed: batch by batch, to be taken up where it stopped."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.orm import Session

from segments import bulk_indexes, cycle_dates_kept, policies, watching
from segments.cycle_dates_kept import Rows
from segments.db import Database
from segments.micros import as_micros, micros_of
from segments.models import Cycle, Facts, Setting
from segments.purchase_history import EVERYTHING

Progress = Callable[[int, int], None]
"""Hears how many rows were looked at and how many there are."""

PLACE = "cycle_refresh"
"""The setting that says up to which friend the dates are written; absent when all are."""
BATCH = 10_000
"""Friends a transaction takes: some tenths of a second, for which purchases wait on SQLite."""
WITHOUT_INDEXES = 50_000
"""Rows from which on it pays to make the indexes anew instead of moving every row in each of them."""

_BATCH = (
    select(Facts.friend_id, as_micros(Facts.review_at))
    .where(Facts.friend_id > bindparam("after"), Facts.purchase_count > 0)
    .order_by(Facts.friend_id)
    .limit(bindparam("size"))
    # Locked before the cycles are read: a purchase recorded by the old parameters must be over.
    .with_for_update(of=Facts, key_share=True)
)


def silent(_done: int, _total: int) -> None:
    """Tell nobody."""


def is_waiting(session: Session) -> bool:
    """Tell whether dates are still to be written after a change of parameters."""
    return session.get(Setting, PLACE) is not None


def start_over(session: Session, now: datetime) -> None:
    """Note that all dates are to be written."""
    _note(session, 0, now)


def refresh_dates(
    database: Database, now: datetime, progress: Progress = silent, *, batch: int = BATCH
) -> int:
    """Write the dates of every cycle row by the parameters in force; return how many rows changed.

    Goes on where an earlier call was cut off. Purchases may come in meanwhile: a friend's rows are only
    written under the lock that a purchase takes too. Of very many rows the indexes are dropped for the while.
    """
    with database.begin() as session:
        total = session.scalar(select(func.count()).select_from(Cycle)) or 0
        if not is_waiting(session):
            start_over(session, now)
    if total >= WITHOUT_INDEXES:
        bulk_indexes.drop(database, Cycle)
    try:
        return _run(database, now, progress, batch, total)
    finally:
        bulk_indexes.restore(database, Cycle)


def _run(database: Database, now: datetime, progress: Progress, batch: int, total: int) -> int:
    done = changed = 0
    while True:
        with database.begin() as session:
            step = _batch(session, now, batch)
        if step is None:
            return changed
        done, changed = done + step[0], changed + step[1]
        progress(min(done, total), total)


def _batch(session: Session, now: datetime, size: int) -> tuple[int, int] | None:
    """Do the next friends; return how many rows were looked at and how many changed, None at the end."""
    place = session.get(Setting, PLACE, with_for_update=True)
    if place is None:
        return None
    friends = session.execute(_BATCH, {"after": place.value["after"], "size": size}).all()
    if not friends:
        session.execute(delete(Setting).where(Setting.name == PLACE))
        watching.compare_anew(session, watching.reads_cycles, now)
        return None
    last, now_us = friends[-1][0], float(micros_of(now) or 0)
    rows = cycle_dates_kept.read(session, place.value["after"], last)
    dates = cycle_dates_kept.dates_of(rows, policies.cycle_params(session))
    changed = cycle_dates_kept.write(session, rows, dates, now_us)
    _look_again(session, friends, rows, dates, now_us)
    _note(session, last, now)
    return len(rows.friend_id), changed


def _look_again(session: Session, friends: Any, rows: Rows, dates: Any, now_us: float) -> None:
    """Let the ladders look at friends when the first date ahead comes, or at once where one crossed `now_us`."""
    overall = np.flatnonzero(np.array(rows.category, dtype=object) == EVERYTHING)
    before = np.stack((rows.due_at, rows.slip_at, rows.lapse_at))[:, overall]
    after = np.stack((dates.due_at, dates.slip_at, dates.lapse_at))[:, overall]
    crossed = ((before <= now_us) != (after <= now_us)).any(axis=0)
    ahead = np.where(after > now_us, after, np.inf).min(axis=0)
    by = np.where(crossed, now_us, ahead)
    ids = np.array([friend_id for friend_id, _ in friends], dtype=np.int64)
    reviews = np.array([np.inf if at is None else at for _, at in friends], dtype=np.float64)
    place = np.searchsorted(ids, rows.friend_id[overall])
    known = (place < len(ids)) & (ids[np.minimum(place, len(ids) - 1)] == rows.friend_id[overall])
    # Looked at too early a friend stays as they are; too late would be wrong.
    sooner = known & (by < reviews[np.minimum(place, len(ids) - 1)])
    cycle_dates_kept.write_reviews(session, rows.friend_id[overall][sooner], by[sooner])


def _note(session: Session, friend_id: int, now: datetime) -> None:
    session.merge(Setting(name=PLACE, value={"after": friend_id}, updated_at=now))

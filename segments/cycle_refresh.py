"""Writes the dates of all cycle rows anew after the parameters changed: batch by batch, to be taken up where it stopped."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from segments import cycle_rows, facts_locking, policies
from segments.cycle import CycleParams
from segments.db import Database
from segments.models import Cycle, Facts, Setting
from segments.purchase_history import EVERYTHING

Progress = Callable[[int, int], None]
"""Hears how many rows were looked at and how many there are."""

PLACE = "cycle_refresh"
"""The setting that says up to which friend the dates are written; absent when all are."""
BATCH = 1000
"""Friends a transaction takes."""
WEEK = timedelta(days=7)

_WRITE = (
    update(Cycle.__table__)  # pyright: ignore[reportArgumentType] -- a declared table is a Table
    .where(Cycle.friend_id == bindparam("of_friend"), Cycle.category == bindparam("of_category"))
    .values({name: bindparam(name) for name in ("cycle_days", "due_at", "remind_at", "reminded_at", "slip_at", "lapse_at")})
)  # fmt: skip
_REVIEW = (
    update(Facts.__table__)  # pyright: ignore[reportArgumentType] -- as above
    .where(
        Facts.friend_id == bindparam("of_friend"),
        (Facts.review_at.is_(None)) | (Facts.review_at > bindparam("by", type_=Facts.review_at.type)),
    )
    .values(review_at=bindparam("by", type_=Facts.review_at.type))
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
    written under the lock that a purchase takes too.
    """
    with database.begin() as session:
        total = session.scalar(select(func.count()).select_from(Cycle)) or 0
        if not is_waiting(session):
            start_over(session, now)
    done = changed = 0
    while True:
        with database.begin() as session:
            looked, wrote = _batch(session, now, batch)
        if not looked:
            return changed
        done, changed = done + looked, changed + wrote
        progress(min(done, total), total)


def _batch(session: Session, now: datetime, size: int) -> tuple[int, int]:
    """Do the next friends; return how many rows were looked at, 0 at the end, and how many changed."""
    place = session.get(Setting, PLACE, with_for_update=True)
    if place is None:
        return 0, 0
    after = (
        select(Cycle.friend_id).where(Cycle.friend_id > place.value["after"])
        .distinct().order_by(Cycle.friend_id).limit(size)
    )  # fmt: skip
    friend_ids = session.scalars(after).all()
    if not friend_ids:
        session.execute(delete(Setting).where(Setting.name == PLACE))
        return 0, 0
    facts_locking.lock(session, friend_ids)
    rows = session.scalars(
        select(Cycle).where(Cycle.friend_id.in_(friend_ids)).execution_options(populate_existing=True)
    ).all()
    wrote = _write(session, rows, policies.cycle_params(session), now)
    _note(session, friend_ids[-1], now)
    return len(rows), wrote


def _write(session: Session, rows: Sequence[Cycle], params: CycleParams, now: datetime) -> int:
    stored = {(row.friend_id, row.category): row for row in rows}
    states = {key: cycle_rows.state_of(row) for key, row in stored.items()}
    changed: list[dict[str, Any]] = []
    reviews: list[dict[str, Any]] = []
    for key, _, dates in cycle_rows.dated(states, params):
        row, new = stored[key], vars(dates)
        if all(getattr(row, name) == value for name, value in new.items()):
            continue
        key_of = {"of_friend": key[0], "of_category": key[1]}
        changed.append(new | key_of | {"reminded_at": _reminded_at(row, dates.remind_at, now)})
        by = _review_by(row.lapse_at, dates.lapse_at, now)
        if key[1] == EVERYTHING and by is not None:
            reviews.append({"of_friend": key[0], "by": by})
    if changed:
        session.connection().execute(_WRITE, changed)
    if reviews:
        session.connection().execute(_REVIEW, reviews)
    return len(changed)


def _reminded_at(row: Cycle, remind_at: datetime | None, now: datetime) -> datetime | None:
    """A reminder whose new day is more than a week ago would come too late to be of use."""
    if row.reminded_at is None and remind_at is not None and remind_at <= now - WEEK:
        return now
    return row.reminded_at


def _review_by(before: datetime | None, after: datetime, now: datetime) -> datetime | None:
    """Return when the friend's stage is to be looked at at the latest, as the day of the lapse moved."""
    if before is not None and before <= now:
        return now if after > now else None
    return max(after, now)


def _note(session: Session, friend_id: int, now: datetime) -> None:
    session.merge(Setting(name=PLACE, value={"after": friend_id}, updated_at=now))

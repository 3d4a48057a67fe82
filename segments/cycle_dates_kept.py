"""The dates of stored cycle rows as columns: read, made anew by other parameters, written where they moved."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, literal_column, select
from sqlalchemy.orm import Session

from segments import driver_queries, driver_rows
from segments.cycle import CycleParams, forecast_arrays
from segments.learned_cycles import moments_after
from segments.micros import Floats, as_micros, floats, same
from segments.models import Cycle

WEEK = 7 * 86_400e6
"""In microseconds."""
DATES = ("cycle_days", "due_at", "remind_at", "slip_at", "lapse_at")

_READ = (
    select(
        Cycle.friend_id,
        Cycle.category,
        Cycle.n,
        Cycle.s1,
        Cycle.s2,
        Cycle.last_quantity,
        *(as_micros(getattr(Cycle, name)) for name in ("last_at", "due_at", "remind_at", "slip_at", "lapse_at")),
        as_micros(Cycle.reminded_at),
    )
    .where(Cycle.friend_id > bindparam("after"), Cycle.friend_id <= bindparam("last"))
    .order_by(Cycle.friend_id, Cycle.category)
)  # fmt: skip
_READ_ON_SQLITE = _READ.add_columns(literal_column("cycles.rowid"))
_NUMBERS = 10


@dataclass(frozen=True, slots=True)
class Rows:
    """Stored rows, an element each; moments in microseconds since 1970, nan for never."""

    friend_id: NDArray[np.int64]
    category: tuple[str, ...]
    n: Floats
    s1: Floats
    s2: Floats
    last_quantity: Floats
    last_at: Floats
    due_at: Floats
    remind_at: Floats
    slip_at: Floats
    lapse_at: Floats
    reminded_at: Floats
    place: NDArray[np.int64] | None = None
    """Where the rows lie in SQLite's file, by which they are found at once; PostgreSQL finds them by their key."""


@dataclass(frozen=True, slots=True)
class Dates:
    """What follows from rows by some parameters."""

    cycle_days: Floats
    due_at: Floats
    remind_at: Floats
    slip_at: Floats
    lapse_at: Floats


def read(session: Session, after: int, last: int) -> Rows:
    """Return the rows of friends with ids above `after`, up to `last`."""
    query = _READ_ON_SQLITE if driver_queries.is_sqlite(session) else _READ
    found = driver_queries.fetched(session, query, {"after": after, "last": last})
    friend_id, category, *rest = tuple(zip(*found, strict=True)) or ((),) * (2 + _NUMBERS)
    numbers: Any = [floats(each) for each in rest[:_NUMBERS]]
    place = [np.array(each, dtype=np.int64) for each in rest[_NUMBERS:]]
    return Rows(np.array(friend_id, dtype=np.int64), category, *numbers, *place)


def dates_of(rows: Rows, params: CycleParams) -> Dates:
    """Return the rows' dates, each by the parameters that hold in its category."""
    made = np.empty((5, len(rows.friend_id)))
    category = np.array(rows.category, dtype=object)
    own = sorted(params.categories.keys() & set(rows.category))
    shops = ~np.isin(category, own) if own else np.ones(len(category), dtype=np.bool_)
    for some, one in ((shops, params), *((category == name, params.of(name)) for name in own)):
        usual = np.maximum(rows.last_quantity[some], 1.0) / one.usual_quantity
        shift = one.elasticity * np.log(usual)
        made[:, some] = forecast_arrays(rows.n[some], rows.s1[some], rows.s2[some], shift, one)
    made[1:] = moments_after(rows.last_at, made[1:])
    return Dates(*made)


def write(session: Session, rows: Rows, dates: Dates, now_us: float) -> int:
    """Write the dates that moved; return of how many rows."""
    alike = np.ones(len(rows.friend_id), dtype=np.bool_)
    for name in DATES[1:]:
        alike &= same(getattr(rows, name), getattr(dates, name))
    moved = np.flatnonzero(~alike)
    # A reminder whose new day is more than a week ago would come too late to be of use.
    late = np.isnan(rows.reminded_at) & (dates.remind_at <= now_us - WEEK)
    values: dict[str, Any] = {name: driver_rows.Moments(getattr(dates, name)[moved]) for name in DATES[1:]}
    values["cycle_days"] = dates.cycle_days[moved]
    if late[moved].any():  # who was reminded, or is yet to be, stays so
        values["reminded_at"] = driver_rows.Moments(np.where(late, now_us, rows.reminded_at)[moved])
    if not len(moved):
        return 0
    if rows.place is not None:
        driver_rows.update(session, "cycles", ("rowid",), values | {"rowid": rows.place[moved]})
    else:
        category = [rows.category[one] for one in moved.tolist()]
        key = {"friend_id": rows.friend_id[moved], "category": category}
        driver_rows.update(session, "cycles", tuple(key), values | key)
    return len(moved)


def write_reviews(session: Session, friend_ids: Any, by: Any) -> None:
    """Bring the reviews of friends forward."""
    if not len(friend_ids):
        return
    values = {"review_at": driver_rows.Moments(by), "friend_id": friend_ids}
    driver_rows.update(session, "facts", ("friend_id",), values)

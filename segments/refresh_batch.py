"""One transaction of a refresh: the new dates of some friends' cycle rows, and when the ladders are to look at them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from segments import cycle_dates_kept, driver_queries, policies
from segments.cycle_dates_kept import Rows
from segments.db import Database
from segments.micros import as_micros, floats, micros_of
from segments.models import Facts
from segments.purchase_history import EVERYTHING

BEYOND_ALL = 2**62

_FRIENDS = (
    select(Facts.friend_id, as_micros(Facts.review_at))
    .where(
        Facts.friend_id > bindparam("after"),
        Facts.friend_id <= bindparam("last"),
        Facts.purchase_count > 0,
    )
    .order_by(Facts.friend_id)
    .limit(bindparam("size"))
    # Locked before the cycles are read: a purchase recorded by the old parameters must be over.
    .with_for_update(of=Facts, key_share=True)
)


class Done(NamedTuple):
    """What came of a batch."""

    last: int
    """The friend up to whom it went."""
    looked_at: int
    changed: int


def of_part(database: Database, part: tuple[int, int], now: datetime) -> Done:
    """Write the dates of the friends beyond an id, up to another, in a transaction."""
    after, last = part
    with database.begin() as session:
        return refresh(session, after, last - after, now, up_to=last) or Done(last, 0, 0)


def refresh(
    session: Session, after: int, size: int, now: datetime, *, up_to: int = BEYOND_ALL
) -> Done | None:
    """Write the dates of `size` friends beyond an id by the parameters in force; None when there are no more."""
    friends = driver_queries.fetched(session, _FRIENDS, {"after": after, "size": size, "last": up_to})
    if not friends:
        return None
    last, now_us = friends[-1][0], float(micros_of(now) or 0)
    rows = cycle_dates_kept.read(session, after, last)
    dates = cycle_dates_kept.dates_of(rows, policies.cycle_params(session))
    changed = cycle_dates_kept.write(session, rows, dates, now_us)
    _look_again(session, friends, rows, dates, now_us)
    return Done(last, len(rows.friend_id), changed)


def _look_again(session: Session, friends: Sequence[Any], rows: Rows, dates: Any, now_us: float) -> None:
    """Let the ladders look at friends when the first date ahead comes, or at once where one crossed `now_us`."""
    overall = np.flatnonzero(np.array(rows.category, dtype=object) == EVERYTHING)
    before = np.stack((rows.due_at, rows.slip_at, rows.lapse_at))[:, overall]
    after = np.stack((dates.due_at, dates.slip_at, dates.lapse_at))[:, overall]
    crossed = ((before <= now_us) != (after <= now_us)).any(axis=0)
    ahead = np.where(after > now_us, after, np.inf).min(axis=0)
    by = np.where(crossed, now_us, ahead)
    friend_ids, review_at = zip(*friends, strict=True)
    ids, reviews = np.array(friend_ids, dtype=np.int64), floats(review_at)
    reviews[np.isnan(reviews)] = np.inf
    place = np.searchsorted(ids, rows.friend_id[overall])
    known = (place < len(ids)) & (ids[np.minimum(place, len(ids) - 1)] == rows.friend_id[overall])
    # Looked at too early a friend stays as they are; too late would be wrong.
    sooner = known & (by < reviews[np.minimum(place, len(ids) - 1)])
    cycle_dates_kept.write_reviews(session, rows.friend_id[overall][sooner], by[sooner])

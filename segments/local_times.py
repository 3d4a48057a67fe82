"""Turns many moments at once into days, weekdays, hours and months of the shop's own zone.

Moments are integers: microseconds since 1970-01-01 UTC. Days are `date.toordinal()`, months count from the year 0.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import BigInteger, ColumnElement, cast, extract, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session

Ints = npt.NDArray[np.int64]

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(session: Session, column: InstrumentedAttribute[Any]) -> ColumnElement[int]:
    """Return a column of moments as whole microseconds, in the dialect of the session's database."""
    if session.get_bind().dialect.name == "sqlite":
        return type_coerce(column, BigInteger)  # they are kept so
    return cast(extract("epoch", column) * SECOND, BigInteger)


def local_micros(at: Ints, zone: tzinfo) -> Ints:
    """Return moments as the shop's wall clock reads them, in microseconds since 1970-01-01 00:00 on that clock."""
    if not len(at):
        return at
    starts, offsets = _offsets(int(at.min()), int(at.max()), zone)
    return at + offsets[np.searchsorted(starts, at, side="right") - 1]


def local_days(at: Ints, zone: tzinfo) -> Ints:
    """Return the day of each moment in `zone`."""
    return local_micros(at, zone) // DAY + EPOCH_DAY


def months_of(days: Ints) -> Ints:
    """Return the month of each day: year x 12 + month - 1."""
    return (days - EPOCH_DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12


def month_of(day: date) -> int:
    """Return the month of one day, counted as `months_of` does."""
    return day.year * 12 + day.month - 1


def first_of(month: int) -> date:
    """Return the first day of a month counted so."""
    return date(month // 12, month % 12 + 1, 1)


def start_of(day: date, zone: tzinfo) -> datetime:
    """Return the moment at which a day begins in the shop."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _offsets(first: int, last: int, zone: tzinfo) -> tuple[Ints, Ints]:
    """Return the moments at which the zone's distance from UTC changes between two, and the distance from each on."""
    starts, offsets = [first], [_offset(first, zone)]
    # Clocks are changed at most once in a fortnight: looking once a week misses none.
    here = first
    while here < last:
        there = min(here + 7 * DAY, last)
        if (offset := _offset(there, zone)) != offsets[-1]:
            starts.append(_change(here, there, zone))
            offsets.append(offset)
        here = there
    return np.array(starts, np.int64), np.array(offsets, np.int64)


def _change(before: int, after: int, zone: tzinfo) -> int:
    """Return the first moment, to the microsecond, that has the distance of `after`."""
    old = _offset(before, zone)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _offset(middle, zone) == old else (before, middle)
    return after


def _offset(at: int, zone: tzinfo) -> int:
    distance = (_EPOCH + timedelta(microseconds=at)).astimezone(zone).utcoffset()
    assert distance is not None
    return distance // timedelta(microseconds=1)

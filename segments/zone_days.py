"""Counts the days of a zone's calendar for many moments at once; what a zone does in a year is looked up once."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

SECOND = 1_000_000
DAY = 86_400 * SECOND
"""In microseconds."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def days_of(moments: Any, zone: tzinfo) -> Ints:
    """Return the calendar day in `zone` of moments in microseconds since 1970 UTC; day 0 is 1970-01-01."""
    return wall_clock(moments, zone) // DAY


def wall_clock(moments: Any, zone: tzinfo) -> Ints:
    """Return moments as the clocks of `zone` show them, in microseconds since 1970-01-01 00:00 on those clocks."""
    if not len(moments):
        return np.zeros(0, dtype=np.int64)
    first, last = (_year(int(each)) for each in (moments.min(), moments.max()))
    since, offsets = _offsets(zone, first, last)
    if len(since) == 1:
        return moments + offsets[0]
    return moments + offsets[np.searchsorted(since, moments, side="right") - 1]


def _year(moment: int) -> int:
    # In the calendar's first and last years a zone's own time may fall outside of it.
    return min(max((_EPOCH + timedelta(microseconds=moment)).year, 2), 9998)


@lru_cache(maxsize=256)
def _offsets(zone: tzinfo, first: int, last: int) -> tuple[Ints, Ints]:
    """Return the moments from which an offset holds in these years, and the offsets, in microseconds."""
    changes = [(-(2**62), _offset(_start(first), zone))]
    for year in range(first, last + 1):
        changes += _changes(zone, year)
    since, offsets = zip(*changes, strict=True)
    return np.array(since, dtype=np.int64), np.array(offsets, dtype=np.int64)


@lru_cache(maxsize=4096)
def _changes(zone: tzinfo, year: int) -> tuple[tuple[int, int], ...]:
    """Return when the zone's offset changes within a year (UTC), to the second, and what it is from then on."""
    found: list[tuple[int, int]] = []
    day, end = _start(year), _start(year + 1)
    while day < end:
        after = min(day + DAY, end)
        if _offset(day, zone) != _offset(after, zone):
            found.append((_change(zone, day, after), _offset(after, zone)))
        day = after
    return tuple(found)


def _change(zone: tzinfo, before: int, after: int) -> int:
    while after - before > SECOND:
        middle = before + (after - before) // SECOND // 2 * SECOND
        before, after = (
            (middle, after) if _offset(middle, zone) == _offset(before, zone) else (before, middle)
        )
    return after


def _start(year: int) -> int:
    return (datetime(year, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def _offset(moment: int, zone: tzinfo) -> int:
    here = (_EPOCH + timedelta(microseconds=moment)).astimezone(zone)
    return (here.utcoffset() or timedelta()) // timedelta(microseconds=1)

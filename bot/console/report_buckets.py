"""Sorts moments into the places of a chart, by the days of the shop's calendar."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from bot.console.report_period import Bucket, Period
from segments.local_times import Ints, start_of
from segments.micros import micros_of


def bounds(period: Period, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the moments at which a period begins and is over."""
    return start_of(period.since, zone), start_of(period.until + timedelta(days=1), zone)


def placed(moments: Sequence[int] | Ints, buckets: Sequence[Bucket], zone: ZoneInfo) -> Ints:
    """Return the bucket of each moment (microseconds since 1970) of the period that the buckets make up."""
    starts = np.array([micros_of(start_of(each.first, zone)) for each in buckets], np.int64)
    return np.maximum(np.searchsorted(starts, np.asarray(moments, np.int64), side="right") - 1, 0)


def counted(moments: Sequence[int] | Ints, buckets: Sequence[Bucket], zone: ZoneInfo) -> list[int]:
    """Count moments by their bucket."""
    return np.bincount(placed(moments, buckets, zone), minlength=len(buckets)).tolist()

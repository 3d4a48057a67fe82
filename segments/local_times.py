"""Reads moments from the database as whole numbers, and counts days and months of the shop's calendar as it does.

Moments are integers: microseconds since 1970-01-01 UTC. Days are `date.toordinal()`, months count from the year 0.
"""

from datetime import UTC, date, datetime, tzinfo
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import BigInteger, ColumnElement, cast, extract, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session

from segments.zone_days import SECOND, days_of

Ints = npt.NDArray[np.int64]

HOUR = 3600 * SECOND
EPOCH_DAY = date(1970, 1, 1).toordinal()


def micros(session: Session, column: InstrumentedAttribute[Any]) -> ColumnElement[int]:
    """Return a column of moments as whole microseconds, in the dialect of the session's database."""
    if session.get_bind().dialect.name == "sqlite":
        return type_coerce(column, BigInteger)  # they are kept so
    return cast(extract("epoch", column) * SECOND, BigInteger)


def local_days(at: Ints, zone: tzinfo) -> Ints:
    """Return the day of each moment in `zone`."""
    return days_of(at, zone) + EPOCH_DAY


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

"""When friends buy: by weekday and hour, and month by month, on the shop's own clock."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo

import numpy as np
from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from segments.best_sellers import within
from segments.local_times import EPOCH_DAY, HOUR, Ints, first_of, micros, months_of
from segments.models import Purchase
from segments.purchase_history import counts
from segments.zone_days import DAY, wall_clock

QUARTER = HOUR // 4
"""Every clock in use differs from UTC by whole quarters of an hour, so a quarter lies in one hour everywhere."""
_LONG_AGO = 10_000_000 * QUARTER
"""Makes moments before 1970 positive: databases round quotients of negative numbers the other way."""


@dataclass(frozen=True, slots=True)
class MonthSold:
    """What was bought in one month."""

    month: date
    """Its first day."""
    orders: int
    yen: int


@dataclass(frozen=True, slots=True)
class Times:
    """Orders by weekday (0 = Monday) and hour, and by month; months without any are left out."""

    orders: tuple[tuple[int, ...], ...]
    """Seven rows of 24."""
    months: tuple[MonthSold, ...]

    @property
    def total(self) -> int:
        """All orders."""
        return sum(map(sum, self.orders))


def buying_times(session: Session, since: datetime | None, until: datetime | None, zone: tzinfo) -> Times:
    """Return when orders that count were made, from `since` up to but not at `until`."""
    quarter = ((micros(session, Purchase.bought_at) + _LONG_AGO) // QUARTER).label("quarter")
    kept = cast(func.sum(Purchase.amount_yen - Purchase.refunded_yen), BigInteger)
    query = select(quarter, func.count(), kept).where(counts(), *within(since, until)).group_by(quarter)
    rows = np.array([tuple(row) for row in session.execute(query)], np.int64).reshape(-1, 3)
    local = wall_clock(rows[:, 0] * QUARTER - _LONG_AGO, zone)
    return Times(_by_hour(local, rows[:, 1]), _by_month(local, rows[:, 1], rows[:, 2]))


def _by_hour(local: Ints, orders: Ints) -> tuple[tuple[int, ...], ...]:
    weekday = (local // DAY + EPOCH_DAY + 6) % 7  # the day 1 was a Monday
    sums = np.bincount(weekday * 24 + local % DAY // HOUR, weights=orders, minlength=7 * 24)
    return tuple(tuple(int(each) for each in day) for day in sums.reshape(7, 24))


def _by_month(local: Ints, orders: Ints, yen: Ints) -> tuple[MonthSold, ...]:
    months, place = np.unique(months_of(local // DAY + EPOCH_DAY), return_inverse=True)
    counted, summed = (np.zeros(len(months), np.int64) for _ in range(2))
    np.add.at(counted, place, orders)
    np.add.at(summed, place, yen)
    each = zip(months.tolist(), counted.tolist(), summed.tolist(), strict=True)
    return tuple(MonthSold(first_of(month), number, kept) for month, number, kept in each)

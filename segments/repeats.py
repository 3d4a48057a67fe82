"""How many first-time buyers buy again (F2転換率), and which share of buyers are repeaters (リピート率).

Two orders on one day of the shop's calendar are one visit: a second purchase is one on a later day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from segments.best_sellers import within
from segments.local_times import Ints, first_of, local_days, micros, months_of
from segments.models import Facts, Purchase
from segments.purchase_history import counts
from segments.purchase_sweep import Orders, orders, parts, same_as_before

Flags = npt.NDArray[np.bool_]
NEVER = 10**6
"""More days than anybody's gap has."""


@dataclass(frozen=True, slots=True)
class F2:
    """What became of friends whose first purchase lies in one month, or in several.

    Only those whose whole time is over are judged; of the others nobody can tell yet.
    """

    month: date | None
    """The first day of the month; None for several together."""
    newcomers: int
    judged: int
    converted: int
    """Of those judged, how many bought again within the days asked for."""

    @property
    def too_early(self) -> int:
        """Newcomers whose days are not over."""
        return self.newcomers - self.judged

    @property
    def rate(self) -> float | None:
        """The share of those judged who bought again, 0 to 1; None while nobody can be judged."""
        return self.converted / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class Repeats:
    """Buyers of a period, and of all time, with those among them who are repeaters."""

    buyers: int
    """Different friends who bought in the period."""
    newcomers: int
    """Those who had never bought before the period."""
    repeaters: int
    """Those who, by their last purchase in the period, had bought on two different days or more."""
    ever_buyers: int
    """Friends who ever bought, as of now."""
    ever_repeaters: int

    @property
    def rate(self) -> float | None:
        """リピート率 of the period: repeaters among its buyers, 0 to 1; None without buyers."""
        return self.repeaters / self.buyers if self.buyers else None

    @property
    def ever_rate(self) -> float | None:
        """リピート率 of all time: who bought on two days or more among all who ever bought."""
        return self.ever_repeaters / self.ever_buyers if self.ever_buyers else None


def f2(
    session: Session, since: datetime | None, until: datetime | None, days: int, today: date, zone: tzinfo
) -> list[F2]:
    """Return the F2 conversion by month of the first purchase, from `since` up to but not at `until`.

    A newcomer is judged once `days` whole days have passed since the day of the first purchase, and has
    converted when they bought on a later day, at most `days` days after it. All months together come last.
    """
    sums: dict[int, tuple[int, int, int]] = {}
    for part in orders(session, zone, *_first_within(since, until)):
        first, gap = _first_and_gap(part)
        judged = today.toordinal() - first > days
        for month, *found in _by_month(months_of(first), judged, judged & (gap <= days)):
            before = sums.get(month, (0, 0, 0))
            sums[month] = (before[0] + found[0], before[1] + found[1], before[2] + found[2])
    rows = [F2(first_of(month), *sums[month]) for month in sorted(sums)]
    return [*rows, _together(rows)]


def repeats(session: Session, since: datetime | None, until: datetime | None, zone: tzinfo) -> Repeats:
    """Return how many buyers there were from `since` up to but not at `until`, and how many of them were repeaters."""
    buyers = newcomers = repeaters = 0
    for first, earliest, last in parts(session, _bought_within(session, since, until)):
        buyers += len(first)
        newcomers += int((first == earliest).sum())
        repeaters += _on_two_days(first, last, zone)
    ever_repeaters = 0
    ever_buyers = session.scalar(select(func.count()).where(Facts.purchase_count > 0)) or 0
    for first, last in parts(session, _ever_bought(session), Facts.friend_id):
        ever_repeaters += _on_two_days(first, last, zone)
    return Repeats(buyers, newcomers, repeaters, ever_buyers, ever_repeaters)


def _first_within(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    found = [] if since is None else [Facts.first_purchase_at >= since]
    return found if until is None else [*found, Facts.first_purchase_at < until]


def _first_and_gap(part: Orders) -> tuple[Ints, Ints]:
    """Return each friend's first day, and the days from it to the second one (NEVER without a second)."""
    is_first = ~same_as_before(part.friend)
    number = np.cumsum(is_first) - 1
    first = part.day[is_first]
    later = part.day > first[number]
    # The days of a friend are in order: the first that is later than the first is the second.
    who, place = np.unique(number[later], return_index=True)
    gap = np.full(len(first), NEVER)
    gap[who] = part.day[later][place] - first[who]
    return first, gap


def _by_month(months: Ints, judged: Flags, converted: Flags) -> Iterable[tuple[int, int, int, int]]:
    found, place = np.unique(months, return_inverse=True)
    sums = (
        np.bincount(place, weights=each, minlength=len(found))
        for each in (np.ones(len(months)), judged, converted)
    )
    columns = (each.astype(np.int64).tolist() for each in sums)
    return zip(found.tolist(), *columns, strict=True)


def _together(rows: Iterable[F2]) -> F2:
    numbers = [(row.newcomers, row.judged, row.converted) for row in rows]
    newcomers, judged, converted = (sum(column) for column in zip((0, 0, 0), *numbers, strict=True))
    return F2(None, newcomers, judged, converted)


def _bought_within(session: Session, since: datetime | None, until: datetime | None) -> Select[int, int, int]:
    bought = micros(session, Purchase.bought_at)
    return (
        select(micros(session, Facts.first_purchase_at), func.min(bought), func.max(bought))
        .join(Facts, Facts.friend_id == Purchase.friend_id)
        .where(counts(), *within(since, until))
        .group_by(Facts.friend_id, Facts.first_purchase_at)
    )


def _ever_bought(session: Session) -> Select[int, int]:
    first, last = (micros(session, each) for each in (Facts.first_purchase_at, Facts.last_purchase_at))
    return select(first, last).where(Facts.purchase_count > 1)


def _on_two_days(first: Ints, last: Ints, zone: tzinfo) -> int:
    return int((local_days(last, zone) > local_days(first, zone)).sum())

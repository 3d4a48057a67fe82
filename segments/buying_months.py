"""Buyers month by month: newcomers and how many of them came back (F2転換率), repeaters among buyers (リピート率).

What the figures mean is said in segments.repeats; here they are measured for all months in one go each night.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from segments import shop
from segments.local_times import Ints, first_of, month_of, months_of
from segments.models import Purchase, Setting
from segments.purchase_sweep import Orders, orders, same_as_before
from segments.repeats import NEVER

SETTING = "buying_months"
MONTHS = 60
"""Months looked back at."""
WITHIN = (30, 60, 90, 180)
"""Days within which a second purchase is looked for."""
AT_ONCE = 20_000
"""So few purchases are measured when asked; more wait for the night."""


@dataclass(frozen=True, slots=True)
class Month:
    """The buyers of one month of the shop's calendar; places of the tuples follow WITHIN."""

    month: date
    """Its first day."""
    newcomers: int
    """Friends whose first purchase lies in it."""
    judged: tuple[int, ...]
    """Those of them whose days are over, so that it can be told whether they came back."""
    converted: tuple[int, ...]
    """Those judged who bought again on a later day within the days."""
    buyers: int
    """Different friends who bought in it."""
    repeaters: int
    """Those of them who had, by their last purchase in it, bought on two days or more, the first at any time."""
    orders: int
    yen: int


@dataclass(frozen=True, slots=True)
class Months:
    """All months with purchases, the oldest first, as they were on one day."""

    day: date
    rows: tuple[Month, ...] = ()


def measure(session: Session, now: datetime) -> Months:
    """Return the months of the last five years as the purchases now stand."""
    own = shop.load(session)
    today = own.today(now)
    base = month_of(today) - MONTHS + 1
    sums = _Sums()
    for part in orders(session, own.zone):
        _add(part, base, today.toordinal(), sums)
    return Months(today, sums.rows(base))


def keep(session: Session, months: Months, now: datetime) -> None:
    """Keep what was measured until the next night."""
    rows = [asdict(row) | {"month": row.month.isoformat()} for row in months.rows]
    value: dict[str, Any] = {"day": months.day.isoformat(), "rows": rows}
    session.merge(Setting(name=SETTING, value=value, updated_at=now))
    session.flush()


def load(session: Session, now: datetime) -> Months | None:
    """Return the months kept last night; where none were kept yet, those of now in a small shop, None in a large one."""
    kept = session.get(Setting, SETTING)
    if kept is not None:
        return Months(date.fromisoformat(kept.value["day"]), tuple(_month(row) for row in kept.value["rows"]))
    # The newest id, not a count: it costs nothing.
    if (session.scalar(select(func.max(Purchase.id))) or 0) > AT_ONCE:
        return None
    return measure(session, now)


def counted_at(session: Session) -> datetime | None:
    """Return when the months were last kept; None before the first night."""
    return session.scalar(select(Setting.updated_at).where(Setting.name == SETTING))


class _Sums:
    """What is added up, a place a month."""

    def __init__(self) -> None:
        self.newcomers, self.buyers, self.repeaters, self.orders, self.yen = np.zeros((5, MONTHS), np.int64)
        self.judged, self.converted = np.zeros((2, len(WITHIN), MONTHS), np.int64)

    def rows(self, base: int) -> tuple[Month, ...]:
        return tuple(
            Month(
                month=first_of(base + place),
                newcomers=int(self.newcomers[place]),
                judged=tuple(self.judged[:, place].tolist()),
                converted=tuple(self.converted[:, place].tolist()),
                buyers=int(self.buyers[place]),
                repeaters=int(self.repeaters[place]),
                orders=int(self.orders[place]),
                yen=int(self.yen[place]),
            )
            for place in np.flatnonzero(self.buyers).tolist()
        )


def _add(part: Orders, base: int, today: int, sums: _Sums) -> None:
    is_first = ~same_as_before(part.friend)
    number = np.cumsum(is_first) - 1
    first = part.day[is_first]
    place = months_of(part.day) - base
    # A till's clock may run ahead of ours into the next day, even into the next month.
    inside = (place >= 0) & (part.day <= today)
    np.add.at(sums.orders, place[inside], 1)
    np.add.at(sums.yen, place[inside], part.yen[inside])
    # The days of a friend are in order: the last element of a friend's month is their last purchase in it.
    last = ~np.append(same_as_before(part.friend, place)[1:], False)
    chosen = last & inside
    np.add.at(sums.buyers, place[chosen], 1)
    np.add.at(sums.repeaters, place[chosen & (part.day > first[number])], 1)
    _add_newcomers(part, first, number, today, base, sums)


def _add_newcomers(part: Orders, first: Ints, number: Ints, today: int, base: int, sums: _Sums) -> None:
    later = part.day > first[number]
    who, where = np.unique(number[later], return_index=True)
    gap = np.full(len(first), NEVER)
    gap[who] = part.day[later][where] - first[who]
    began = months_of(first) - base
    known = (began >= 0) & (first <= today)
    np.add.at(sums.newcomers, began[known], 1)
    for place, days in enumerate(WITHIN):
        judged = known & (today - first > days)
        np.add.at(sums.judged[place], began[judged], 1)
        np.add.at(sums.converted[place], began[judged & (gap <= days)], 1)


def _month(row: dict[str, Any]) -> Month:
    return Month(
        date.fromisoformat(row["month"]),
        row["newcomers"],
        _whole(row["judged"]),
        _whole(row["converted"]),
        row["buyers"],
        row["repeaters"],
        row["orders"],
        row["yen"],
    )


def _whole(values: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(each) for each in values)

"""Cohorts (コホート): friends by the month of their first purchase, what each month after it brought, and their LTV."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from segments import shop
from segments.local_times import Ints, first_of, month_of, months_of
from segments.models import Setting
from segments.purchase_sweep import Orders, orders, same_as_before

SETTING = "cohorts"
MONTHS = 60
"""First months looked back at, and months followed after each."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """The friends who first bought in one month; place k of the lists is the k-th month after it, 0 itself."""

    month: date
    """The first day of the month."""
    size: int
    active: tuple[int, ...]
    """How many of them bought in that month."""
    yen: tuple[int, ...]
    """What they spent in it, after refunds."""

    def shares(self) -> list[float]:
        """Return which share of the cohort bought in each month, 0 to 1."""
        return [each / self.size for each in self.active]

    def value(self) -> list[float]:
        """Return the LTV so far: yen one friend of the cohort spent on average, up to the end of each month."""
        return [total / self.size for total in np.cumsum(self.yen).tolist()]


@dataclass(frozen=True, slots=True)
class Cohorts:
    """All cohorts, the oldest first, as they were on one day; the month of that day is not over in any of them."""

    day: date
    rows: tuple[Cohort, ...] = ()

    def is_whole(self, cohort: Cohort, offset: int) -> bool:
        """Tell whether the month `offset` months after a cohort's first is over."""
        return month_of(cohort.month) + offset < month_of(self.day)

    def value(self) -> list[float]:
        """Return the LTV over all cohorts, in yen by months since the first, from months that are over alone.

        What each month adds is the mean over the friends of every cohort that has lived through it
        (sum of yen / sum of sizes); the value is the running sum of these, so it never falls.
        """
        steps: list[float] = []
        for offset in range(MONTHS):
            lived = [each for each in self.rows if offset < len(each.yen) and self.is_whole(each, offset)]
            friends = sum(each.size for each in lived)
            if not friends:
                break
            steps.append(sum(each.yen[offset] for each in lived) / friends)
        return np.cumsum(steps).tolist()


def measure(session: Session, now: datetime) -> Cohorts:
    """Return the cohorts of the last five years as the purchases now stand."""
    own = shop.load(session)
    today = own.today(now)
    base = month_of(today) - MONTHS + 1
    size, active, yen = np.zeros(MONTHS, np.int64), *np.zeros((2, MONTHS, MONTHS), np.int64)
    for part in orders(session, own.zone):
        _add(part, base, today, size, active, yen)
    return Cohorts(today, _rows(base, size, active, yen))


def keep(session: Session, cohorts: Cohorts, now: datetime) -> None:
    """Keep what was measured until the next night."""
    session.merge(
        Setting(name=SETTING, value={"day": cohorts.day.isoformat(), "rows": _plain(cohorts)}, updated_at=now)
    )
    session.flush()


def load(session: Session, now: datetime) -> Cohorts:
    """Return the cohorts kept last night; where none were kept yet, those of this moment."""
    kept = session.get(Setting, SETTING)
    if kept is None or not kept.value["rows"]:
        return measure(session, now)
    rows = tuple(_cohort(row) for row in kept.value["rows"])
    return Cohorts(date.fromisoformat(kept.value["day"]), rows)


def is_kept(session: Session) -> bool:
    """Tell whether some night has measured the cohorts."""
    kept = session.get(Setting, SETTING)
    return kept is not None and bool(kept.value["rows"])


def _add(part: Orders, base: int, today: date, size: Ints, active: Ints, yen: Ints) -> None:
    is_first = ~same_as_before(part.friend)
    month = months_of(part.day)
    began = month[is_first][np.cumsum(is_first) - 1] - base
    offset = month - base - began
    # A till's clock may run ahead of ours into the next day, even into the next month.
    inside = (began >= 0) & (part.day <= today.toordinal())
    np.add.at(size, began[inside & is_first], 1)
    np.add.at(yen, (began[inside], offset[inside]), part.yen[inside])
    once = inside & ~same_as_before(part.friend, month)
    np.add.at(active, (began[once], offset[once]), 1)


def _rows(base: int, size: Ints, active: Ints, yen: Ints) -> tuple[Cohort, ...]:
    return tuple(
        Cohort(
            first_of(base + place),
            int(size[place]),
            tuple(active[place, : MONTHS - place].tolist()),
            tuple(yen[place, : MONTHS - place].tolist()),
        )
        for place in np.flatnonzero(size).tolist()
    )


def _plain(cohorts: Cohorts) -> Sequence[dict[str, Any]]:
    return [asdict(row) | {"month": row.month.isoformat()} for row in cohorts.rows]


def _cohort(row: Mapping[str, Any]) -> Cohort:
    return Cohort(date.fromisoformat(row["month"]), row["size"], tuple(row["active"]), tuple(row["yen"]))

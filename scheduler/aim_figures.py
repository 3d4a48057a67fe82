"""What each figure with a target is on a day: counted over so many days up to it, as the reports count."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from scheduler import campaign_reports
from scheduler.campaign_reports import Figures
from scheduler.targets import Aim
from segments import buying_months, day_counts, referral_figures, shop
from segments.buying_months import WITHIN, Month
from segments.models import EventKind

LOOKED_BACK: Mapping[Aim, timedelta] = {
    Aim.F2: timedelta(days=365),
    Aim.REPEAT: timedelta(days=90),
    Aim.REFERRALS: timedelta(days=90),
    Aim.SATISFACTION: timedelta(days=90),
    Aim.BLOCKS: timedelta(days=90),
    Aim.ORDER_COST: timedelta(days=90),
}
"""Days that a figure is counted over; buyers are counted by the months that these days touch."""
F2_WITHIN = 90
"""Days within which a second purchase counts."""


def since(aim: Aim, day: date) -> date:
    """Return the first day of those that end on `day`."""
    return day - LOOKED_BACK[aim] + timedelta(days=1)


@dataclass(frozen=True)
class Measures:
    """Measures figures; what several of them need is read once."""

    session: Session
    now: datetime
    totals: dict[tuple[date, date], Figures] = field(default_factory=dict[tuple[date, date], Figures])
    """Of campaigns, by the days they were added up over."""

    def of(self, aim: Aim, day: date) -> float | None:
        """Return a figure as of the end of a day that is not to come; None where nothing is counted yet."""
        return _MEASURES[aim](self, since(aim, day), day)

    @cached_property
    def months(self) -> list[Month]:
        """The buyers of each month."""
        found = buying_months.load(self.session, self.now)
        return list(found.rows) if found else []

    def sent(self, first: date, last: date) -> Figures:
        """Return what campaigns sent on some days, and what followed."""
        if (first, last) not in self.totals:
            self.totals[first, last] = campaign_reports.totals(self.session, first, last)
        return self.totals[first, last]

    def between(self, first: date, last: date) -> list[Month]:
        """Return the months that some days touch."""
        return [each for each in self.months if first.replace(day=1) <= each.month <= last]


def _f2(measures: Measures, first: date, last: date) -> float | None:
    months, place = measures.between(first, last), WITHIN.index(F2_WITHIN)
    return _share(sum(each.converted[place] for each in months), sum(each.judged[place] for each in months))


def _repeat(measures: Measures, first: date, last: date) -> float | None:
    months = measures.between(first, last)
    return _share(sum(each.repeaters for each in months), sum(each.buyers for each in months))


def _referrals(measures: Measures, first: date, last: date) -> float:
    zone = shop.load(measures.session).zone
    return referral_figures.entered(measures.session, first, last, zone)


def _satisfaction(measures: Measures, first: date, last: date) -> float | None:
    kinds = EventKind.SATISFIED.value, EventKind.DISSATISFIED.value
    found = day_counts.read(measures.session, kinds, first, last)
    satisfied, not_satisfied = (sum(sum(each.values()) for each in found[kind].values()) for kind in kinds)
    return _share(satisfied, satisfied + not_satisfied)


def _blocks(measures: Measures, first: date, last: date) -> float | None:
    return measures.sent(first, last).block_rate


def _order_cost(measures: Measures, first: date, last: date) -> float | None:
    return measures.sent(first, last).cost_per_order


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


_MEASURES: Mapping[Aim, Callable[[Measures, date, date], Any]] = {
    Aim.F2: _f2,
    Aim.REPEAT: _repeat,
    Aim.REFERRALS: _referrals,
    Aim.SATISFACTION: _satisfaction,
    Aim.BLOCKS: _blocks,
    Aim.ORDER_COST: _order_cost,
}

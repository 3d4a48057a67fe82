"""Purchase-cycle states and dates of many friends by category, from columns of purchases."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from segments.cycle import CycleParams, forecast_arrays
from segments.cycle_dates import FARTHEST
from segments.micros import Floats
from segments.purchase_columns import Ints, Purchases
from segments.runs import add_up, borders, lasts

SECONDS_A_DAY, SECOND = 86_400, 1e6


@dataclass(frozen=True, slots=True)
class Cycles:
    """Cycle rows as columns, sorted by friend and category; see `segments.cycle.CycleState` and `Forecast`.

    Moments are in microseconds since 1970, nan for a reminder that is none.
    """

    who: Ints
    category: Ints
    """Place of the name in the catalogue; 0 is EVERYTHING."""
    n: Ints
    s1: Floats
    s2: Floats
    first_at: Ints
    last_at: Ints
    sum_amount: Ints
    last_quantity: Ints
    cycle_days: Floats
    due_at: Floats
    remind_at: Floats
    slip_at: Floats
    lapse_at: Floats


class BoughtByCategory(NamedTuple):
    """What was bought in one category at one moment, sorted by friend, category and moment."""

    key: Ints
    at: Ints
    day: Ints
    yen: Ints
    quantity: Ints


def cycles_of(bought: Purchases, days: Ints, params: CycleParams) -> Cycles:
    """Return every friend's cycles; `days` are the calendar days of the purchases in the shop's zone."""
    kinds = len(bought.catalogue.names)
    each = by_category(bought, days, kinds)
    starts, day_starts = (np.flatnonzero(new) for new in (borders(each.key), borders(each.key, each.day)))
    ends = lasts(starts, len(each.key))
    category = each.key[starts] % kinds
    on_day = add_up(each.quantity, day_starts)
    firsts = np.searchsorted(day_starts, starts)
    last_days = lasts(firsts, len(day_starts))
    logs = _logs(each.day[day_starts], each.key[day_starts] % kinds, on_day, firsts, bought, params)
    n, s1, s2 = last_days - firsts, add_up(logs, firsts), add_up(logs * logs, firsts)
    last_at, last_quantity = each.at[ends], on_day[last_days]
    dates = _dates(n, s1, s2, category, last_quantity, last_at, bought, params)
    return Cycles(
        each.key[starts] // kinds, category, n, s1, s2, each.at[starts], last_at,
        add_up(each.yen, starts), last_quantity, *dates,
    )  # fmt: skip


def by_category(bought: Purchases, days: Ints, kinds: int) -> BoughtByCategory:
    """Return each purchase once for EVERYTHING and once for every category it holds."""
    size = len(bought.who)
    total = np.bincount(bought.order, bought.quantity, minlength=size).astype(np.int64)
    category = bought.catalogue.category[bought.product]
    named = category > 0
    held = (bought.order * kinds + category)[named]
    by = np.argsort(held, kind="stable")
    held = held[by]
    starts = np.flatnonzero(borders(held))
    order, category = np.divmod(held[starts], kinds)
    order = np.concatenate((np.arange(size), order))
    key = bought.who[order] * kinds + np.concatenate((np.zeros(size, dtype=np.int64), category))
    yen = np.concatenate((bought.yen, add_up(bought.line_yen[named][by], starts)))
    quantity = np.concatenate((total, add_up(bought.quantity[named][by], starts)))
    # No two are alike, so that the faster sort that is not stable serves.
    sort = np.argsort(key * size + order)
    order = order[sort]
    return BoughtByCategory(
        key[sort], bought.at[order], days[order], yen[sort], np.maximum(quantity[sort], 1)
    )


def _logs(
    day: Ints, category: Ints, quantity: Ints, firsts: Ints, bought: Purchases, params: CycleParams
) -> Floats:
    """Return ln(gap in days) before each purchase day, less what the quantity before it explains; 0 before the first."""
    logs = np.zeros(len(day))
    if len(day) > len(firsts):
        gap = np.diff(day)
        gap[firsts[1:] - 1] = 1
        logs[1:] = np.log(gap.astype(np.float64)) - _shift(quantity[:-1], category[:-1], bought, params)
        logs[firsts] = 0.0
    return logs


def _shift(quantity: Ints, category: Ints, bought: Purchases, params: CycleParams) -> Any:
    """Return the `quantity_shift` of quantities, by the parameters of their categories."""
    if not (params.elasticity or params.categories):
        return 0.0
    own = [params.of(name) for name in bought.catalogue.names]
    elasticity = np.array([one.elasticity for one in own])[category]
    usual = np.array([one.usual_quantity for one in own])[category]
    return elasticity * np.log(np.maximum(quantity, 1) / usual)


def _dates(
    n: Ints, s1: Floats, s2: Floats, category: Ints, quantity: Ints, last_at: Ints, bought: Purchases, params: CycleParams
) -> Floats:  # fmt: skip
    """Return the median gap in days and the moments of due, reminder, slip and lapse, a row each."""
    shift = np.zeros(len(n)) + _shift(quantity, category, bought, params)
    days = np.empty((5, len(n)))
    for some, own in _alike(category, bought, params):
        columns = (n[some].astype(np.float64), s1[some], s2[some], shift[some])
        days[:, some] = forecast_arrays(*columns, own)
    days[1:] = moments_after(last_at, days[1:])
    return days


def _alike(category: Ints, bought: Purchases, params: CycleParams) -> Iterator[tuple[Any, CycleParams]]:
    """Give the rows that one set of parameters serves, with the set."""
    own = [code for code, name in enumerate(bought.catalogue.names) if name in params.categories]
    if not own:
        yield slice(None), params
        return
    yield np.flatnonzero(~np.isin(category, own)), params
    for code in own:
        yield np.flatnonzero(category == code), params.of(bought.catalogue.names[code])


def moments_after(last_at: Any, days: Any) -> Any:
    """Return the moments so many days after others, to the whole second: a date needs no more."""
    return last_at + np.rint(np.minimum(days, FARTHEST) * SECONDS_A_DAY) * SECOND

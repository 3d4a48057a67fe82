"""Turns purchases, as arrays, into what the purchase-cycle model is fitted to and judged by.

A customer is a number from 0, a day a number that grows by one a day; purchases of one day count as one.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segments.cycle import CycleParams

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class PurchaseDays(NamedTuple):
    """Days on which customers bought, in the order of customer and day, no day twice."""

    customer: Ints
    day: Ints
    quantity: Floats
    customers: int
    """How many customers there are; some may have bought nothing."""


class Sums(NamedTuple):
    """What the likelihood needs of each customer; y is ln(gap in days), x is ln(quantity before it / the usual)."""

    n: Floats
    y: Floats
    yy: Floats
    x: Floats
    xy: Floats
    xx: Floats
    x_last: Floats
    """Of the last purchase, whose gap is still open."""
    first: Ints
    last: Ints
    """Days of the first and the last purchase."""

    def states(self, elasticity: float) -> tuple[Floats, Floats, Floats]:
        """Return n, S1 and S2 of the gaps once the effect of quantity is taken out of them."""
        s1 = self.y - elasticity * self.x
        return self.n, s1, self.yy - 2 * elasticity * self.xy + elasticity**2 * self.xx

    def of(self, chosen: Any) -> "Sums":
        """Return the customers that a mask or an index chooses."""
        kept: Any = (each[chosen] for each in self)
        return Sums(*kept)


class Gaps(NamedTuple):
    """Every gap that ended, with the state before it."""

    customer: Ints
    n: Floats
    s1: Floats
    s2: Floats
    shift: Floats
    """By how much ln(gap) is expected longer for the quantity bought."""
    days: Floats
    end: Ints
    """The day of the purchase that ended it."""

    def of(self, chosen: Any) -> "Gaps":
        """Return the gaps that a mask or an index chooses."""
        kept: Any = (each[chosen] for each in self)
        return Gaps(*kept)


def purchase_days(customer: Ints, day: Ints, quantity: Floats | None, customers: int) -> PurchaseDays:
    """Put purchases in order and merge those of one customer and day, adding up their quantities."""
    order = np.lexsort((day, customer))
    customer, day = customer[order], day[order]
    first = np.ones(len(day), dtype=bool)
    first[1:] = (customer[1:] != customer[:-1]) | (day[1:] != day[:-1])
    starts = np.flatnonzero(first)
    held = (
        np.ones(len(starts)) if quantity is None or not len(day) else np.add.reduceat(quantity[order], starts)
    )
    return PurchaseDays(customer[starts], day[starts], held, customers)


def until(days: PurchaseDays, before: int) -> PurchaseDays:
    """Return the purchases of the days before `before`."""
    kept = days.day < before
    return PurchaseDays(days.customer[kept], days.day[kept], days.quantity[kept], days.customers)


def usual_quantity(days: PurchaseDays) -> float:
    """Return the median quantity of a purchase day, at least 1."""
    return max(float(np.median(days.quantity)), 1.0) if len(days.quantity) else 1.0


def sums_of(days: PurchaseDays, usual: float) -> Sums:
    """Add up each customer's gaps; the days of a customer without purchases are 0 and mean nothing."""
    inner = _inner(days)
    who, logs = days.customer[1:][inner], np.log(np.diff(days.day)[inner])
    x = np.log(np.maximum(days.quantity, 1.0) / usual)
    before = x[:-1][inner]

    def total(weights: Floats) -> Floats:
        return np.bincount(who, weights, minlength=days.customers).astype(np.float64)

    n = np.bincount(who, minlength=days.customers).astype(float)
    last_x, first, last = np.zeros(days.customers), *np.zeros((2, days.customers), dtype=np.int64)
    last_x[days.customer], last[days.customer] = x, days.day  # the later of two writes stays
    first[days.customer[::-1]] = days.day[::-1]
    return Sums(
        n, total(logs), total(logs * logs), total(before), total(before * logs), total(before * before),
        last_x, first, last,
    )  # fmt: skip


def gaps_of(days: PurchaseDays, params: CycleParams) -> Gaps:
    """Return every gap that ended, with its customer's state when it began."""
    inner = _inner(days)
    who, gap = days.customer[1:][inner], np.diff(days.day)[inner].astype(float)
    shift = params.elasticity * np.log(np.maximum(days.quantity[:-1][inner], 1.0) / params.usual_quantity)
    y = np.log(gap) - shift
    new = np.ones(len(who), dtype=bool)
    new[1:] = who[1:] != who[:-1]
    starts = np.flatnonzero(new)
    run = np.cumsum(new) - 1
    n = (np.arange(len(who)) - starts[run]).astype(np.float64)
    s1, s2 = (_sum_before(each, starts, run) for each in (y, y * y))
    return Gaps(who, n, s1, s2, shift, gap, days.day[1:][inner])


def _inner(days: PurchaseDays) -> NDArray[np.bool_]:
    return days.customer[1:] == days.customer[:-1]


def _sum_before(values: Floats, starts: Ints, run: Ints) -> Floats:
    """Return the sum of earlier values in the same run."""
    before = np.cumsum(values) - values
    return before - before[starts][run]

"""Learns a shop's parameters from purchase days: the fit, then the measured shape of gaps where it pays."""

from dataclasses import replace

import numpy as np

from segments.cycle import CycleParams, forecast_arrays
from segments.cycle_fit import ENOUGH, ENOUGH_IN_CATEGORY, Floats, fit
from segments.cycle_history import Gaps, Ints, PurchaseDays, Sums, gaps_of, sums_of, usual_quantity
from segments.cycle_km import shape_of

ENOUGH_GAPS = 2000
"""Gaps below which nobody asks for their shape."""
CERTAIN = 2.0
"""Standard errors by which the shape must reach more of those who buy than the model alone does."""


def learn(
    days: PurchaseDays,
    today: int,
    base: CycleParams | None = None,
    *,
    seed: int = 1,
    held: CycleParams | None = None,
) -> CycleParams:
    """Return the parameters of a shop, as of the day `today`, from its purchases up to then.

    `base` is what holds where there is too little to learn from: for a category with fewer than 200
    customers who came back, the shop's own parameters. With `held` its elasticity and usual quantity stay.
    """
    usual = held.usual_quantity if held else usual_quantity(days)
    sums = sums_of(days, usual)
    bought = np.bincount(days.customer, minlength=days.customers) > 0
    sums = sums.of(bought)
    if base is not None and (sums.n > 0).sum() < ENOUGH_IN_CATEGORY:
        return base
    since = (today - sums.last).astype(float)
    start = CycleParams(usual_quantity=usual, elasticity=held.elasticity if held else 0.0)
    found = fit(sums, since, start, seed=seed, elasticity=held is None)
    if (sums.n > 0).sum() < ENOUGH:
        return found
    return with_shape(gaps_of(days, found), np.flatnonzero(bought), sums, since, found)


def repeaters(days: PurchaseDays) -> int:
    """Return how many customers came back."""
    return int(np.count_nonzero(np.bincount(days.customer) > 1))


def with_shape(gaps: Gaps, who: Ints, sums: Sums, since: Floats, params: CycleParams) -> CycleParams:
    """Return the parameters with the shape S̃ of the gaps, if reminders by it reach more buyers.

    Learned from the even customers it is judged on the odd ones; `who` numbers the customers of `sums`.
    """
    if len(gaps.n) < ENOUGH_GAPS:
        return params
    even, open_even = gaps.customer % 2 == 0, who % 2 == 0
    half = gaps.of(even)
    shaped = replace(params, shape=shape_of(half, sums.of(open_even), since[open_even], params))
    other = gaps.of(~even)
    gain = _reached(other, shaped) - _reached(other, params)
    if gain.sum() <= CERTAIN * float(np.sqrt((gain**2).sum())):
        return params
    return replace(params, shape=shape_of(gaps, sums, since, params))


def _reached(gaps: Gaps, params: CycleParams) -> Floats:
    """Tell of each gap (1 or 0) whether it ended in the week the reminder was meant for."""
    remind = forecast_arrays(gaps.n, gaps.s1, gaps.s2, gaps.shift, params).remind
    known = ~np.isnan(remind) & (gaps.n > 0)
    return (known & (gaps.days >= remind - 3) & (gaps.days <= remind + 3)).astype(float)

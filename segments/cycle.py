"""The purchase-cycle model: when a friend buys next, is late, has lapsed; closed forms, O(1) a purchase.

Gaps are log-normal with a prior shared by the shop's customers (empirical Bayes), and after every purchase a
customer may drop out for good (segments.cycle_curves has the curves). With the prior (m, κ0, α0, β0):
κ = κ0+n, μ = (κ0·m+S1)/κ, α = α0+n/2, B = β0+½(S2+κ0·m²−κ·μ²), ν = 2α, τ = √(B(κ+1)/(α·κ)).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import exp, isnan, log, sqrt
from statistics import median
from typing import Any

import numpy as np

from segments.cycle_bulk import bulk_dates
from segments.cycle_curves import Posterior
from segments.cycle_curves import p_alive as p_alive
from segments.cycle_curves import p_buy as p_buy
from segments.cycle_dates import FARTHEST, Days, dates_of
from segments.cycle_params import CycleParams as CycleParams

DAY = timedelta(days=1)


@dataclass(frozen=True)
class CycleState:
    """All that is kept of one friend's purchases in one category."""

    n: int
    """Gaps seen: purchase days less one."""
    s1: float
    s2: float
    """Sums of ln(gap in days), adjusted for quantity, and of its square."""
    first_at: datetime
    last_at: datetime
    sum_amount: int
    last_quantity: int


@dataclass(frozen=True)
class Forecast:
    """The dates that follow from a state; only a purchase or new parameters change them."""

    cycle_days: float
    """The friend's median gap as the model sees it."""
    due_at: datetime
    remind_at: datetime | None
    """None when the cycle is too short to remind of."""
    slip_at: datetime
    lapse_at: datetime


class CycleStatus(StrEnum):
    """Where a friend stands in their cycle."""

    ACTIVE = "active"
    DUE = "due"
    SLIPPING = "slipping"
    LAPSED = "lapsed"


def after_purchase(
    state: CycleState | None, at: datetime, amount: int, quantity: int, params: CycleParams
) -> CycleState:
    """Return the state after one more purchase, `at` being in the shop's zone and no earlier than the last one.

    Purchases of one day in that zone count as one. `amount` is in yen.
    """
    if state is None:
        return CycleState(0, 0.0, 0.0, at, at, amount, quantity)
    gap = (at.date() - state.last_at.astimezone(at.tzinfo).date()).days
    total = state.sum_amount + amount
    if gap <= 0:
        return replace(state, last_at=at, sum_amount=total, last_quantity=state.last_quantity + quantity)
    y = log(gap) - quantity_shift(state.last_quantity, params)
    return CycleState(state.n + 1, state.s1 + y, state.s2 + y * y, state.first_at, at, total, quantity)


def quantity_shift(quantity: float, params: CycleParams) -> float:
    """Return by how much ln(gap) grows when `quantity` was bought instead of the usual one."""
    return params.elasticity * log(max(quantity, 1) / params.usual_quantity) if params.elasticity else 0.0


def posterior(state: CycleState, params: CycleParams) -> Posterior:
    """Return what is believed of one friend's next gap, as `posterior_of` does, but ten times as fast."""
    kappa, alpha = params.kappa0 + state.n, params.alpha0 + state.n / 2
    mu = (params.kappa0 * params.m + state.s1) / kappa
    scatter = max(state.s2 + params.kappa0 * params.m**2 - kappa * mu * mu, 0.0)
    tau = sqrt((params.beta0 + scatter / 2) * (kappa + 1) / (alpha * kappa))
    return Posterior(state.n, mu + quantity_shift(state.last_quantity, params), tau, 2 * alpha)


def forecast(state: CycleState, params: CycleParams) -> Forecast:
    """Return the dates of one friend."""
    return _dated(state.last_at, dates_of(posterior(state, params), params.a, params.b, params.shape))


def forecast_many(states: Sequence[CycleState], params: CycleParams) -> list[Forecast]:
    """Return the dates of many friends, within 0.1 day or 0.5 % of `forecast`; one's do not depend on the others."""
    if not states:
        return []
    rows = np.array([(s.n, s.s1, s.s2, quantity_shift(s.last_quantity, params)) for s in states], dtype=float)
    n, s1, s2, shift = rows.T
    days = np.column_stack(forecast_arrays(n, s1, s2, shift, params)).tolist()
    return [_dated(state.last_at, Days(*one)) for state, one in zip(states, days, strict=True)]


def forecast_arrays(n: Any, s1: Any, s2: Any, shift: Any, params: CycleParams) -> Days:
    """Return the dates, in days after the last purchase, of states given as arrays (1M in 2 s); see `posterior_of`."""
    post = posterior_of(n, s1, s2, shift, params)
    return bulk_dates(post, 2 * params.alpha0, params.a, params.b, params.shape)


def chance_of_purchase(state: CycleState, now: datetime, within: timedelta, params: CycleParams) -> float:
    """Return the probability that the friend buys within the time after `now`."""
    since = max((now - state.last_at) / DAY, 0.0)
    return float(p_buy(posterior(state, params), since, within / DAY, params.a, params.b))


def chance_alive(state: CycleState, now: datetime, params: CycleParams) -> float:
    """Return the probability that the friend has not dropped out for good."""
    since = max((now - state.last_at) / DAY, 0.0)
    return float(p_alive(posterior(state, params), since, params.a, params.b))


def status_of(dates: Forecast, now: datetime) -> CycleStatus:
    """Return where `now` falls among the dates."""
    if now < dates.due_at:
        return CycleStatus.ACTIVE
    if now < dates.slip_at:
        return CycleStatus.DUE
    return CycleStatus.SLIPPING if now < dates.lapse_at else CycleStatus.LAPSED


def own_rhythm(state: CycleState) -> tuple[float, float | None] | None:
    """Return the friend's own typical gap in days and its spread (None of one gap); None before the second purchase."""
    if state.n == 0:
        return None
    mean = state.s1 / state.n
    if state.n == 1:
        return exp(mean), None
    variance = max(state.s2 - state.n * mean * mean, 0.0) / (state.n - 1)
    return exp(mean), exp(mean) * variance**0.5


def params_from_gaps(gaps_days: Iterable[float], base: CycleParams | None = None) -> CycleParams:
    """Return `base` with its mean set from the shop's own closed gaps in days; without any, `base` itself."""
    params, gaps = base or CycleParams(), [max(gap, 1.0) for gap in gaps_days]
    return replace(params, m=max(log(median(gaps)), 0.0) + 0.5) if gaps else params


def posterior_of(n: Any, s1: Any, s2: Any, shift: Any, params: CycleParams) -> Posterior:
    """Return what is believed of gaps from the parts of states, arrays or floats.

    `shift` is the `quantity_shift` of the last purchase.
    """
    kappa = params.kappa0 + n
    mu = (params.kappa0 * params.m + s1) / kappa
    alpha = params.alpha0 + n / 2
    # The difference of squares is never negative; rounding may make it so.
    scatter = np.maximum(s2 + params.kappa0 * params.m**2 - kappa * mu * mu, 0.0)
    tau = np.sqrt((params.beta0 + scatter / 2) * (kappa + 1) / (alpha * kappa))
    return Posterior(n, mu + shift, tau, 2 * alpha)


def _dated(last_at: datetime, days: Days) -> Forecast:
    remind = None if isnan(days.remind) else _after(last_at, days.remind)
    due, slip, lapse = (_after(last_at, each) for each in (days.due, days.slip, days.lapse))
    return Forecast(days.cycle, due, remind, slip, lapse)


def _after(last_at: datetime, days: float) -> datetime:
    # Whole seconds: a date needs no more, and no less keeps equal what is computed twice.
    return last_at + timedelta(seconds=round(min(days, FARTHEST) * 86400))

"""The purchase-cycle model: its dates, its chances, and that arrays say what floats say."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats  # pyright: ignore[reportMissingTypeStubs] -- scipy ships none

from segments import cycle_curves
from segments.cycle import (
    DAY,
    CycleParams,
    CycleState,
    CycleStatus,
    after_purchase,
    chance_alive,
    chance_of_purchase,
    forecast,
    forecast_many,
    own_rhythm,
    params_from_gaps,
    posterior,
    status_of,
)
from segments.errors import Invalid

START = datetime(2026, 1, 1, 3, tzinfo=UTC)
PARAMS = CycleParams()
gap_lists = st.lists(st.integers(0, 400), max_size=12)


def bought_every(*gaps: int, params: CycleParams = PARAMS) -> CycleState:
    """Return the state after a first purchase and one after each gap in days."""
    state = after_purchase(None, START, 1000, 1, params)
    for days in accumulate(gaps):
        state = after_purchase(state, START + days * DAY, 1000, 1, params)
    return state


def test_purchases_of_one_day_count_as_one() -> None:
    state = after_purchase(None, START, 1000, 2, PARAMS)
    same_day = after_purchase(state, START + timedelta(hours=5), 500, 1, PARAMS)
    assert (same_day.n, same_day.sum_amount, same_day.last_quantity) == (0, 1500, 3)
    assert same_day.last_at == START + timedelta(hours=5)


def test_a_customer_of_the_shop_is_expected_at_their_own_rhythm() -> None:
    monthly, weekly = forecast(bought_every(*[31] * 6), PARAMS), forecast(bought_every(*[7] * 6), PARAMS)
    assert 28 < monthly.cycle_days < 34
    assert 6 < weekly.cycle_days < 10


def test_the_posterior_is_that_of_a_normal_inverse_gamma_prior() -> None:
    y = np.log([31.0, 28.0, 40.0])
    post = posterior(bought_every(31, 28, 40), PARAMS)
    kappa, alpha = PARAMS.kappa0 + 3, PARAMS.alpha0 + 1.5
    # The textbook form of the scatter: within the sample, and of its mean around the prior's.
    scatter = ((y - y.mean()) ** 2).sum() + PARAMS.kappa0 * 3 / kappa * (y.mean() - PARAMS.m) ** 2
    assert post.mu == pytest.approx((PARAMS.kappa0 * PARAMS.m + y.sum()) / kappa)
    assert post.tau == pytest.approx(np.sqrt((PARAMS.beta0 + scatter / 2) * (kappa + 1) / (alpha * kappa)))
    assert post.nu == 11


def test_the_dates_are_those_of_the_closed_forms() -> None:
    state = bought_every(31, 28, 40)
    post, dates = posterior(state, PARAMS), forecast(state, PARAMS)
    gap: Any = stats.t(post.nu, post.mu, post.tau)
    days = {name: (getattr(dates, name) - state.last_at) / DAY for name in ("due_at", "slip_at", "lapse_at")}
    assert gap.cdf(np.log(days["slip_at"])) == pytest.approx(0.8, abs=1e-6)
    assert gap.cdf(np.log(days["due_at"])) == pytest.approx(gap.cdf(np.log(90)) / 2, abs=1e-6)
    chance = chance_of_purchase(state, dates.lapse_at, timedelta(days=90), PARAMS)
    assert chance == pytest.approx(0.2, abs=1e-3)


def test_the_reminder_is_for_the_likeliest_week() -> None:
    state = bought_every(31, 28, 40)
    post, dates = posterior(state, PARAMS), forecast(state, PARAMS)
    days = np.arange(5, 200)
    hit = cycle_curves.survival(post, days - 4.0) - cycle_curves.survival(post, days + 3.0)
    assert dates.remind_at == state.last_at + int(days[hit.argmax()]) * DAY


def test_with_one_purchase_the_reminder_waits_for_the_due_date() -> None:
    dates = forecast(bought_every(), PARAMS)
    assert dates.remind_at is not None
    assert abs(dates.remind_at - dates.due_at) <= timedelta(hours=12)


def test_who_buys_more_often_than_every_ten_days_is_not_reminded() -> None:
    assert forecast(bought_every(*[5] * 12), PARAMS).remind_at is None


@given(gap_lists)
@settings(deadline=None)
def test_the_dates_come_in_order(gaps: list[int]) -> None:
    state = bought_every(*gaps)
    dates = forecast(state, PARAMS)
    assert state.last_at < dates.due_at <= dates.slip_at <= dates.lapse_at
    assert dates.lapse_at <= state.last_at + timedelta(days=3650)


@given(st.lists(gap_lists, max_size=6))
@settings(deadline=None)
def test_computed_together_the_dates_are_the_same_as_alone(many: list[list[int]]) -> None:
    states = [bought_every(*gaps) for gaps in many]
    assert forecast_many(states, PARAMS) == [forecast_many([state], PARAMS)[0] for state in states]


@given(gap_lists, st.integers(0, 2000), st.integers(1, 90))
@settings(deadline=None)
def test_chances_are_chances_and_fade_for_who_stays_away(gaps: list[int], days: int, more: int) -> None:
    state = bought_every(*gaps)
    early, late = (state.last_at + each * DAY for each in (days, days + more))
    assert 0 < chance_alive(state, late, PARAMS) < chance_alive(state, early, PARAMS) < 1
    within = [chance_of_purchase(state, early, each * DAY, PARAMS) for each in (more, 2 * more)]
    assert 0 <= within[0] <= within[1] <= chance_alive(state, early, PARAMS)


def test_the_status_follows_the_dates() -> None:
    state = bought_every(31, 28, 40)
    dates = forecast(state, PARAMS)
    found = [status_of(dates, at) for at in (state.last_at, dates.due_at, dates.slip_at, dates.lapse_at)]
    assert found == list(CycleStatus)


def test_ones_own_rhythm_needs_a_gap_and_its_spread_two() -> None:
    assert own_rhythm(bought_every()) is None
    assert own_rhythm(bought_every(31)) == (pytest.approx(31), None)
    assert own_rhythm(bought_every(31, 31)) == (pytest.approx(31), pytest.approx(0, abs=1e-3))


def test_buying_more_than_usual_lengthens_the_gap_by_the_elasticity() -> None:
    params = CycleParams(elasticity=0.5)
    usual = after_purchase(None, START, 1000, 1, params)
    four = after_purchase(None, START, 4000, 4, params)
    assert forecast(four, params).cycle_days == pytest.approx(2 * forecast(usual, params).cycle_days)


def test_parameters_are_taken_from_the_shops_own_gaps() -> None:
    assert params_from_gaps([20, 60, 500]).m == pytest.approx(np.log(60) + 0.5)
    assert params_from_gaps([]) == CycleParams()


def test_parameters_survive_json_and_impossible_ones_are_named() -> None:
    assert CycleParams.from_json(CycleParams(elasticity=-0.1).to_json()) == CycleParams(elasticity=-0.1)
    for field, value in (("beta0", 0), ("m", float("nan")), ("colour", 1), ("a", "much")):
        with pytest.raises(Invalid) as refused:
            CycleParams.from_json({field: value})
        assert refused.value.params == {"field": field}

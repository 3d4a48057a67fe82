"""Dates of many customers computed together: as those computed alone, and in order, whatever the customers did."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segments.cycle import (
    CycleParams,
    CycleState,
    forecast,
    forecast_arrays,
    forecast_many,
    p_alive,
    p_buy,
    posterior,
    posterior_of,
)
from segments.cycle_curves import Posterior, survival
from segments.cycle_dates import FARTHEST, Days, dates_of
from segments.cycle_history import Floats
from segments.cycle_shape import decode, encode, remind_day, still_waiting

AT = datetime(2026, 1, 1, tzinfo=UTC)
PEAKED = encode(
    np.tile(np.interp(np.linspace(0, 1, 401), (0, 0.1, 0.4, 0.5, 1), (1, 0.97, 0.9, 0.4, 0.2)), (5, 1))
)
"""A shop whose customers mostly come back just before their median gap."""

parameters = st.builds(
    CycleParams,
    m=st.floats(0, 6),
    kappa0=st.floats(0.1, 10),
    alpha0=st.floats(1, 30),
    beta0=st.floats(0.1, 30),
    a=st.floats(0.01, 3),
    b=st.floats(0.1, 5),
)
states = st.lists(st.lists(st.integers(1, 700), max_size=9), min_size=1, max_size=8)


def arrays(many: list[list[int]], repeat: int = 1) -> tuple[Floats, Floats, Floats]:
    """Return n, S1 and S2 of customers with these gaps in days, each gap seen `repeat` times."""
    logs = [np.log(np.array(gaps * repeat, dtype=float)) for gaps in many]
    n, s1, s2 = np.array([(len(y), y.sum(), (y * y).sum()) for y in logs], dtype=float).T
    return n, s1, s2


def alone(post: Posterior, params: CycleParams) -> Days:
    """Return the same dates, customer by customer."""
    each = [
        dates_of(Posterior(*(float(column[place]) for column in post)), params.a, params.b, params.shape)
        for place in range(len(post.mu))
    ]
    return Days(*np.array(each).T)


def assert_near(together: Days, one_by_one: Days) -> None:
    """Assert that dates differ by less than 0.1 day or 0.5 %."""
    for name in ("cycle", "due", "slip", "lapse"):
        exact = np.minimum(getattr(one_by_one, name), FARTHEST)
        off = np.abs(np.minimum(getattr(together, name), FARTHEST) - exact)
        assert (off <= np.maximum(0.1, 0.005 * exact)).all(), (name, off, exact)


@given(states, parameters, st.sampled_from((1, 1, 1, 20, 150)))
@settings(deadline=None, max_examples=60)
def test_together_is_as_alone(many: list[list[int]], params: CycleParams, repeat: int) -> None:
    n, s1, s2 = arrays(many, repeat)
    post = posterior_of(n, s1, s2, 0.0, params)
    together, one_by_one = forecast_arrays(n, s1, s2, 0.0, params), alone(post, params)
    assert_near(together, one_by_one)
    assert (np.isnan(together.remind) == np.isnan(one_by_one.remind)).all()
    known = ~np.isnan(together.remind) & (n > 0)
    some = Posterior(*(column[known] for column in post))
    found, best = (
        survival(some, day - 4.0) - survival(some, day + 3.0)
        for day in (together.remind[known], one_by_one.remind[known])
    )
    assert (found >= 0.97 * best - 1e-4).all()


@given(states, parameters)
@settings(deadline=None, max_examples=60)
def test_dates_come_in_order(many: list[list[int]], params: CycleParams) -> None:
    days = forecast_arrays(*arrays(many), 0.0, params)
    assert (days.due > 0).all()
    assert (days.due <= days.slip * 1.001).all()
    assert (days.slip <= days.lapse * 1.001).all()
    known = ~np.isnan(days.remind)
    assert (days.remind[known] >= np.minimum(5, np.rint(days.due[known]))).all()


@given(states, parameters, st.floats(0, 3000), st.floats(0.5, 500))
@settings(deadline=None, max_examples=60)
def test_chances_fade_with_absence_and_grow_with_time(
    many: list[list[int]], params: CycleParams, since: float, more: float
) -> None:
    post = posterior_of(*arrays(many), 0.0, params)
    alive, later = (p_alive(post, each, params.a, params.b) for each in (since, since + more))
    assert ((later >= 0) & (later <= alive) & (alive <= 1)).all()
    soon, in_time = (p_buy(post, since, each, params.a, params.b) for each in (more, 2 * more))
    assert ((soon >= 0) & (soon <= in_time) & (in_time <= alive + 1e-12)).all()


def test_after_a_thousand_purchases_and_years_of_silence_chances_are_numbers() -> None:
    n, s1, s2 = arrays([[3]], 1000)
    post = posterior_of(n, s1, s2, 0.0, CycleParams(alpha0=200.0, beta0=0.5))
    for since in (3.0, 3000.0, 30_000.0):
        chance = p_buy(post, since, 28.0, 0.1, 0.5)
        assert np.isfinite(chance).all()
    days = forecast_arrays(n, s1, s2, 0.0, CycleParams())
    assert 2.5 < days.cycle[0] < 3.5
    assert np.isnan(days.remind[0])


def test_many_states_have_the_forecasts_of_each() -> None:
    rng = np.random.default_rng(1)
    made: list[CycleState] = []
    for _ in range(600):
        y = np.log(rng.integers(1, 300, rng.integers(0, 12)))
        made.append(CycleState(len(y), float(y.sum()), float((y * y).sum()), AT, AT, 1000, 1))
    params = CycleParams()
    for state, together in zip(made, forecast_many(made, params), strict=True):
        one = forecast(state, params)
        for name in ("due_at", "slip_at", "lapse_at"):
            exact = getattr(one, name) - AT
            assert abs(getattr(together, name) - AT - exact) <= max(exact * 0.005, timedelta(days=0.1))
        assert (together.remind_at is None) == (one.remind_at is None)


def test_a_measured_shape_moves_the_reminder_to_where_buyers_are() -> None:
    params = CycleParams(shape=PEAKED)
    n, s1, s2 = arrays([[60, 60, 60], [30, 30, 28, 33], [45]])
    post = posterior_of(n, s1, s2, 0.0, params)
    together = forecast_arrays(n, s1, s2, 0.0, params).remind
    row = decode(PEAKED)[2]
    for place in range(3):
        one = Posterior(*(column[place] for column in post))
        days = np.arange(5.0, 200.0)
        hit = still_waiting(row, 1 - survival(one, days - 4)) - still_waiting(
            row, 1 - survival(one, days + 3)
        )
        for day in (remind_day(one, PEAKED), together[place]):
            assert hit[int(day) - 5] >= 0.97 * hit.max()
        assert together[place] > forecast_arrays(n, s1, s2, 0.0, CycleParams()).remind[place]


def test_nobody_has_no_dates() -> None:
    none = np.zeros(0)
    for params in (CycleParams(), CycleParams(shape=PEAKED)):
        assert all(len(each) == 0 for each in forecast_arrays(none, none, none, 0.0, params))


def test_one_posterior_is_as_the_arrays_have_it() -> None:
    state = CycleState(3, 10.0, 34.0, AT, AT, 1000, 4)
    params = CycleParams(elasticity=0.4, usual_quantity=2.0)
    one = posterior_of(3, 10.0, 34.0, 0.4 * np.log(2), params)
    assert tuple(posterior(state, params)) == pytest.approx(tuple(one))

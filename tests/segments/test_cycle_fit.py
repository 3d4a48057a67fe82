"""The fit finds what is true in simulated shops, keeps its head with little data, and measures shapes that are there."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from segments.cycle import CycleParams, after_purchase, posterior_of
from segments.cycle_fit import fit, mean_log_likelihood
from segments.cycle_history import gaps_of, purchase_days, sums_of
from segments.cycle_km import shape_of
from segments.cycle_learn import learn
from segments.cycle_shape import BUCKETS, bucket, decode, encode
from segments.errors import Invalid
from tests.segments.cycle_worlds import a_world

TRUE = CycleParams(m=3.4, kappa0=1.5, alpha0=5.0, beta0=1.5, a=0.6, b=2.4)
DAYS = 700


def test_the_fit_finds_the_parameters_that_made_the_shop() -> None:
    found = learn(a_world(TRUE, 3000, DAYS), DAYS)
    assert found.m == pytest.approx(TRUE.m, abs=0.15)
    assert found.kappa0 == pytest.approx(TRUE.kappa0, rel=0.3)
    # α0 and β0 move together; the variance of ln(gap) they stand for is what must be right.
    assert found.beta0 / (found.alpha0 - 1) == pytest.approx(TRUE.beta0 / (TRUE.alpha0 - 1), rel=0.2)
    assert found.a / (found.a + found.b) == pytest.approx(0.2, abs=0.04)


def test_the_elasticity_of_quantity_is_found_and_not_assumed() -> None:
    for elasticity in (0.0, 0.5):
        true = replace(TRUE, elasticity=elasticity, usual_quantity=2.0)
        found = learn(a_world(true, 2000, DAYS, quantities=(1, 2, 4)), DAYS)
        assert found.elasticity == pytest.approx(elasticity, abs=0.06)
        assert found.usual_quantity == 2.0
    assert learn(a_world(TRUE, 300, DAYS), DAYS).elasticity == 0.0


def test_the_fit_is_at_least_as_likely_as_the_truth() -> None:
    days = a_world(TRUE, 1000, DAYS)
    sums = sums_of(days, 1.0)
    since = (DAYS - sums.last).astype(float)
    found = fit(sums, since, CycleParams())
    assert mean_log_likelihood(found, sums, since) >= mean_log_likelihood(TRUE, sums, since)


def test_a_fit_is_the_same_twice() -> None:
    days = a_world(TRUE, 300, DAYS)
    assert learn(days, DAYS) == learn(days, DAYS)


def test_with_few_customers_the_defaults_hold_and_only_the_mean_follows() -> None:
    found = learn(a_world(TRUE, 60, DAYS), DAYS)
    assert replace(found, m=CycleParams().m) == CycleParams()
    assert abs(found.m - (TRUE.m + 0.5)) < 0.4
    none = np.zeros(0, dtype=np.int64)
    nobody = purchase_days(none, none, None, 0)
    assert learn(nobody, DAYS) == CycleParams()


def test_a_small_category_takes_the_shops_parameters() -> None:
    shop = CycleParams(m=5.0)
    assert learn(a_world(TRUE, 150, DAYS), DAYS, shop) is shop
    assert learn(a_world(TRUE, 500, DAYS), DAYS, shop) != shop


@pytest.mark.parametrize("gap", [1, 30])
def test_customers_who_all_buy_like_clockwork_do_not_break_the_fit(gap: int) -> None:
    customer, times = np.repeat(np.arange(150), 10), np.tile(np.arange(10), 150)
    found = learn(purchase_days(customer, times * gap, None, 150), 10 * gap)
    assert all(np.isfinite(value) for value in found.to_json().values() if isinstance(value, float))
    assert found.m == pytest.approx(np.log(gap), abs=0.3)
    CycleParams.from_json(found.to_json())


def test_sums_are_those_of_purchases_one_by_one() -> None:
    params = CycleParams(elasticity=0.3, usual_quantity=2.0)
    days = a_world(TRUE, 20, DAYS, quantities=(1, 2, 5))
    n, s1, s2 = (sums := sums_of(days, 2.0)).states(params.elasticity)
    gaps = gaps_of(days, params)
    for customer in range(20):
        mine = days.customer == customer
        state = None
        for day, quantity in zip(days.day[mine], days.quantity[mine], strict=True):
            if state is not None:
                seen = (gaps.customer == customer) & (gaps.end == day)
                assert (gaps.n[seen], gaps.s1[seen]) == (state.n, pytest.approx(state.s1))
                assert gaps.s2[seen] == pytest.approx(state.s2)
            state = after_purchase(state, _at(int(day)), 1, int(quantity), params)
        assert state is not None
        assert (n[customer], s1[customer], s2[customer]) == pytest.approx((state.n, state.s1, state.s2))
        assert _at(int(sums.last[customer])) == state.last_at


def test_ten_thousand_purchases_in_a_day_are_one_and_a_thousand_days_are_a_thousand() -> None:
    customer = np.zeros(10_000, dtype=np.int64)
    one_day = purchase_days(customer, customer + 5, np.ones(10_000), 1)
    assert (len(one_day.day), one_day.quantity[0]) == (1, 10_000)
    thousand = purchase_days(customer[:1000], np.arange(1000) * 3, None, 1)
    sums = sums_of(thousand, 1.0)
    assert sums.n[0] == 999
    post = posterior_of(*sums.states(0.0), 0.0, CycleParams())
    assert np.exp(post.mu[0]) == pytest.approx(3, rel=0.01)


def test_the_shape_of_a_shop_that_is_as_the_model_has_it_stays_near_the_models() -> None:
    days = a_world(TRUE, 2000, DAYS)
    sums = sums_of(days, 1.0)
    table = decode(shape_of(gaps_of(days, TRUE), sums, (DAYS - sums.last).astype(float), TRUE))
    u = np.linspace(0, 1, 401)
    for row, n in zip(table, (0, 1, 2.4, 5, 10), strict=True):
        model = (TRUE.a + (TRUE.b + n) * (1 - u)) / (TRUE.a + TRUE.b + n)
        assert np.abs(row - model).max() < 0.06


def test_a_shape_survives_being_written_and_no_other_text_is_one() -> None:
    table = np.tile(np.linspace(1, 0.25, 401), (5, 1))
    assert np.abs(decode(encode(table)) - table).max() < 1e-4
    assert bucket(np.array([0, 1, 2, 3, 4, 7, 8, 900])).tolist() == [0, 1, 2, 2, 3, 3, 4, 4]
    assert len(BUCKETS) == 5
    for text in ("no", "AAAA", encode(table[:, ::-1])):
        with pytest.raises(ValueError, match="no_shape"):
            decode(text)


def test_a_shape_is_kept_only_where_it_reaches_more_buyers() -> None:
    assert learn(a_world(TRUE, 3000, DAYS), DAYS).shape == ""
    rng = np.random.default_rng(1)
    # Half come back after ten to twelve days, half after forty-eight to fifty-two: no log-normal has two peaks.
    gaps = np.where(
        rng.random((1200, 8)) < 0.5, rng.integers(10, 13, (1200, 8)), rng.integers(48, 53, (1200, 8))
    )
    customer = np.repeat(np.arange(1200), 8)
    assert learn(purchase_days(customer, np.cumsum(gaps, axis=1).ravel(), None, 1200), 420).shape != ""


def _at(day: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)


def test_shapes_and_categories_survive_json_and_broken_ones_are_named() -> None:
    shape = encode(np.tile(np.linspace(1, 0.25, 401), (5, 1)))
    params = CycleParams(shape=shape, categories={"茶": CycleParams(m=2.0)})
    assert CycleParams.from_json(json.loads(json.dumps(params.to_json()))) == params
    assert (params.of("茶").m, params.of("菓子")) == (2.0, params)
    for field, value in (("shape", "no"), ("shape", 1), ("categories", 2)):
        with pytest.raises(Invalid) as refused:
            CycleParams.from_json({field: value})
        assert refused.value.params == {"field": field}

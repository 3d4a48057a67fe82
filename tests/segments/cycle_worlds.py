"""Simulates customers as the purchase-cycle model has them, so that what is fitted can be compared with what is true."""

from math import exp, log, sqrt

import numpy as np

from segments.cycle_history import PurchaseDays, purchase_days
from segments.cycle_params import CycleParams


def a_world(
    params: CycleParams, customers: int, days: int, *, seed: int = 1, quantities: tuple[int, ...] = (1,)
) -> PurchaseDays:
    """Let customers begin in the first half of `days` days and buy until they drop out."""
    rng = np.random.default_rng(seed)
    who: list[int] = []
    when: list[int] = []
    how_many: list[int] = []
    for customer in range(customers):
        precision = float(rng.gamma(params.alpha0, 1 / params.beta0))
        rhythm = float(rng.normal(params.m, 1 / sqrt(params.kappa0 * precision)))
        leaves = rng.beta(params.a, params.b)
        day = float(rng.integers(0, days // 2))
        while day < days:
            quantity = int(rng.choice(quantities))
            who.append(customer)
            when.append(int(day))
            how_many.append(quantity)
            if rng.random() < leaves:
                break
            shift = params.elasticity * log(quantity / params.usual_quantity)
            day += max(exp(rng.normal(rhythm, 1 / sqrt(precision)) + shift), 1.0)
    return purchase_days(np.array(who), np.array(when), np.array(how_many, dtype=float), customers)

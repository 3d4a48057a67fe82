"""Measures the shape S̃ of a shop's gaps: Kaplan–Meier of u = 1 − S(gap), open intervals censored.

The hazard of each of 400 cells of u is smoothed, and drawn towards the model's own wherever few were seen.
"""

import numpy as np

from segments.cycle import CycleParams, posterior_of
from segments.cycle_curves import survival
from segments.cycle_history import Floats, Gaps, Sums
from segments.cycle_shape import BUCKETS, NODES, bucket, encode

WEIGHT = 50.0
"""The model's word counts as much as this many purchases seen in a neighbourhood."""
REACH = 20
"""Half the width of a neighbourhood, in cells of 1/400."""

_CELLS = NODES - 1


def shape_of(gaps: Gaps, sums: Sums, since: Floats, params: CycleParams) -> str:
    """Return S̃ as text, from gaps that ended and the customers' intervals open for `since` days."""
    ended = 1 - survival(posterior_of(gaps.n, gaps.s1, gaps.s2, gaps.shift, params), gaps.days)
    n, s1, s2 = sums.states(params.elasticity)
    opened = 1 - survival(posterior_of(n, s1, s2, params.elasticity * sums.x_last, params), since)
    of_gap, of_open = bucket(gaps.n), bucket(n)
    rows = [
        _row(ended[of_gap == each], opened[of_open == each], _mean_n(gaps.n[of_gap == each], low), params)
        for each, low in enumerate(BUCKETS)
    ]
    return encode(np.array(rows))


def _mean_n(n: Floats, low: int) -> float:
    return float(n.mean()) if len(n) else float(low)


def _row(ended: Floats, opened: Floats, n: float, params: CycleParams) -> Floats:
    bought, gone = _counts(ended), _counts(opened)
    left = bought + gone
    at_risk = np.cumsum(left[::-1])[::-1] - gone / 2
    expected = at_risk * _model_hazard(n, params)
    ratio = (_near(bought) + WEIGHT) / (_near(expected) + WEIGHT)
    falling = np.cumprod(1 - np.clip(_model_hazard(n, params) * ratio, 0.0, 1.0))
    return np.concatenate(([1.0], falling))


def _counts(u: Floats) -> Floats:
    cells = np.minimum((u * _CELLS).astype(np.int64), _CELLS - 1)
    return np.bincount(cells, minlength=_CELLS).astype(float)


def _model_hazard(n: float, params: CycleParams) -> Floats:
    """Return the share of those waiting who buy in each cell, were the model exact; some have dropped out."""
    u = np.linspace(0, 1, NODES)
    waiting = params.a + (params.b + n) * (1 - u)
    return 1 - waiting[1:] / waiting[:-1]


def _near(values: Floats) -> Floats:
    """Return for each cell the sum over its neighbourhood, the far ones counting less."""
    weights = np.hanning(2 * REACH + 3)[1:-1]
    mirrored = np.pad(values, REACH, mode="symmetric")
    return np.convolve(mirrored, weights, mode="valid")

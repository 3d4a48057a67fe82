"""Fits the purchase-cycle model to a shop's customers by maximum likelihood; arrays in, parameters out.

Of one customer the log-likelihood is, gaps integrated over their rhythm (log-normal with a normal-inverse-gamma
prior) and over their dropout (beta-geometric), with the last interval open for c days:
lnΓ(α) − lnΓ(α0) + α0·lnβ0 − α·lnB + ½ln(κ0/κ) + lnBeta(a, b+n) − lnBeta(a, b) + ln[(a+(b+n)S(c))/(a+b+n)].
"""

from dataclasses import replace
from typing import Any

import numpy as np
from scipy import optimize, special  # pyright: ignore[reportMissingTypeStubs] -- scipy ships none

from segments.cycle import CycleParams, posterior_of
from segments.cycle_curves import survival
from segments.cycle_history import Floats, Sums

_optimize: Any = optimize
_lgamma: Any = special.gammaln
_lbeta: Any = special.betaln

SAMPLE = 50_000
"""Customers looked at; more make the fit slower, not better."""
ENOUGH = 100
"""Customers with a repeat purchase below which the measured defaults are safer than a fit."""
ENOUGH_IN_CATEGORY = 200
FEW = 10
LOWEST_SPREAD = 1e-12

_POSITIVE = ("kappa0", "alpha0", "beta0", "a", "b")
"""Fitted as logarithms, within these bounds: wide, but nothing runs away when the data say little."""
_BOUNDS = {
    "m": (-1.0, 9.0),
    "kappa0": (0.02, 50.0),
    "alpha0": (0.6, 200.0),
    "beta0": (0.01, 500.0),
    "a": (1e-3, 50.0),
    "b": (1e-2, 500.0),
    "elasticity": (-1.5, 1.5),
}


def fit(
    sums: Sums, since: Floats, start: CycleParams, *, seed: int = 1, elasticity: bool = True
) -> CycleParams:
    """Return the parameters under which the customers' gaps, and `since` days without a purchase, are likeliest.

    `start` gives the usual quantity, to which `sums` must be relative, and the elasticity where all quantities
    are alike or `elasticity` is not to be fitted. With fewer than 100 customers who came back the defaults are kept and only m follows the gaps.
    """
    repeats = int((sums.n > 0).sum())
    if repeats < ENOUGH:
        return _thin(sums, start)
    chosen = _sample(len(sums.n), seed)
    sums, since = sums.of(chosen), since[chosen]
    has_quantity = elasticity and bool(
        np.ptp(sums.xx - sums.x**2 / np.maximum(sums.n, 1)) > 0 or np.ptp(sums.x_last) > 0
    )
    names = ("m", *_POSITIVE, *(("elasticity",) if has_quantity else ()))
    first = replace(start, m=_middle(sums, start))

    def cost(theta: Floats) -> float:
        return -mean_log_likelihood(_from(theta, names, start), sums, since)

    found = _optimize.minimize(
        cost,
        _to(first, names),
        method="L-BFGS-B",
        bounds=[_bounds(name) for name in names],
        options={"maxiter": 200, "ftol": 1e-8},
    )
    return _from(found.x, names, start)


def mean_log_likelihood(params: CycleParams, sums: Sums, since: Floats) -> float:
    """Return the mean of the customers' log-likelihoods."""
    n, s1, s2 = sums.states(params.elasticity)
    spread = np.maximum(s2 - s1**2 / np.maximum(n, 1), 0.0)
    kappa, alpha = params.kappa0 + n, params.alpha0 + n / 2
    off = s1 - n * params.m
    # B written as a sum of positive terms: no digits cancel.
    scale = params.beta0 + spread / 2 + params.kappa0 * off**2 / np.maximum(n, 1) / kappa / 2
    shift = params.elasticity * sums.x_last
    waiting = (params.b + n) * survival(posterior_of(n, s1, s2, shift, params), since)
    each = (
        _lgamma(alpha)
        - alpha * np.log(scale)
        + np.log(params.kappa0 / kappa) / 2
        + _lbeta(params.a, params.b + n)
        + np.log((params.a + waiting) / (params.a + params.b + n))
    )
    same = params.alpha0 * np.log(params.beta0) - _lgamma(params.alpha0) - _lbeta(params.a, params.b)
    return float(each.mean() + same)


def _thin(sums: Sums, start: CycleParams) -> CycleParams:
    """Keep the defaults but for m: ln of the middle gap, plus ½ for the gaps that are still open.

    The default has a say as of ten customers: one or two gaps must not move the whole shop.
    """
    kept = replace(CycleParams(), elasticity=start.elasticity, usual_quantity=start.usual_quantity)
    repeats = int((sums.n > 0).sum())
    m = (repeats * (_middle(sums, start) + 0.5) + FEW * kept.m) / (repeats + FEW)
    return replace(kept, m=m)


def _middle(sums: Sums, start: CycleParams) -> float:
    """Return the median over customers of the mean of ln(gap), at least 0."""
    repeated = sums.n > 0
    return max(float(np.median(sums.y[repeated] / sums.n[repeated])), 0.0) if repeated.any() else start.m


def _sample(customers: int, seed: int) -> Any:
    if customers <= SAMPLE:
        return slice(None)
    return np.random.default_rng(seed).choice(customers, SAMPLE, replace=False)


def _to(params: CycleParams, names: tuple[str, ...]) -> list[float]:
    values = ((name, getattr(params, name)) for name in names)
    clipped = ((name, float(np.clip(value, *_BOUNDS[name]))) for name, value in values)
    return [float(np.log(value)) if name in _POSITIVE else value for name, value in clipped]


def _from(theta: Floats, names: tuple[str, ...], start: CycleParams) -> CycleParams:
    values = {
        name: float(np.exp(value) if name in _POSITIVE else value)
        for name, value in zip(names, theta, strict=True)
    }
    return replace(start, **values)


def _bounds(name: str) -> tuple[float, float]:
    low, high = _BOUNDS[name]
    return (float(np.log(low)), float(np.log(high))) if name in _POSITIVE else (low, high)

"""The curves of the purchase-cycle model, over floats or numpy arrays, in days since the last purchase.

A gap is log-t distributed: S(t) = 1 − T_ν((ln t − μ)/τ). After each purchase a friend may drop out for good:
P_alive(c) = (b+n)·S(c) / (a + (b+n)·S(c)), and P_alive(c)·(1 − S(c+H)/S(c)) buy within H days.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy import special  # pyright: ignore[reportMissingTypeStubs] -- scipy ships none

_cdf: Any = special.stdtr
_quantile: Any = special.stdtrit
pick: Any = np.where
"""Typed loosely, as scipy is untyped: every number here may be a float or an array."""

SLIP_QUANTILE = 0.8
RETURN_HORIZON = 90.0
LAPSE_HORIZON = 90.0
LAPSE_CHANCE = 0.2
WINDOW_BEFORE, WINDOW_AFTER = 4.0, 3.0
"""A reminder on day d serves who would buy between d−4 and d+3."""
NO_TIME = 1e-9


class Posterior(NamedTuple):
    """What is believed of the next gap: ln(gap) is Student-t with location mu, scale tau, nu degrees of freedom."""

    n: Any
    mu: Any
    tau: Any
    nu: Any


def survival(post: Posterior, days: Any) -> Any:
    """Return S(t), the probability that a gap is longer than `days`."""
    z = (np.log(np.maximum(days, NO_TIME)) - post.mu) / post.tau
    return _cdf(post.nu, -z)


def p_alive(post: Posterior, since: Any, a: float, b: float) -> Any:
    """Return the probability that a friend `since` days without a purchase is still a customer."""
    waiting = (b + post.n) * survival(post, since)
    return waiting / (a + waiting)


def p_buy(post: Posterior, since: Any, within: Any, a: float, b: float) -> Any:
    """Return the probability of a purchase in the next `within` days, `since` days after the last one."""
    now = survival(post, since)
    waiting = (b + post.n) * now
    return waiting / (a + waiting) * (1 - survival(post, since + within) / now)


def slip_days(post: Posterior) -> Any:
    """Return the day by which four gaps in five would have ended."""
    return np.exp(post.mu + post.tau * _quantile(post.nu, SLIP_QUANTILE))


def due_days(post: Posterior) -> Any:
    """Return the median gap, given that it ends within the horizon: max(90 days, 1.5 personal medians)."""
    horizon = np.maximum(np.log(RETURN_HORIZON), np.log(1.5) + post.mu)
    within = _cdf(post.nu, (horizon - post.mu) / post.tau)
    return np.exp(post.mu + post.tau * _quantile(post.nu, within / 2))


def remind_days(post: Posterior) -> Any:
    """Return the whole day d whose window d−4 … d+3 is the likeliest to hold the purchase; at least 5."""
    mode = _mode(post)
    low, high = mode - WINDOW_AFTER, mode + WINDOW_BEFORE
    for _ in range(8):  # 7 days halved eight times: 40 minutes
        middle = (low + high) / 2
        before = _log_density(post, middle - WINDOW_BEFORE) < _log_density(post, middle + WINDOW_AFTER)
        low, high = pick(before, middle, low), pick(before, high, middle)
    return np.rint(np.maximum(high, WINDOW_BEFORE + 1))


def lapse_days(post: Posterior, slip: Any, a: float, b: float, farthest: float) -> Any:
    """Return the day after `slip` from which a purchase within 90 days is less likely than 0.2."""
    low, high = slip, slip
    while np.any((still := _still(post, high, a, b)) & (high < farthest)):
        low, high = pick(still, high, low), pick(still, high * 2, high)
    low, high = np.log(low), np.log(high)
    for _ in range(12):  # a factor of two halved twelve times: 0.02 %
        middle = (low + high) / 2
        still = _still(post, np.exp(middle), a, b)
        low, high = pick(still, middle, low), pick(still, high, middle)
    return np.exp(high)


def _still(post: Posterior, since: Any, a: float, b: float) -> Any:
    return p_buy(post, since, LAPSE_HORIZON, a, b) > LAPSE_CHANCE


def _mode(post: Posterior) -> Any:
    # The density's slope in ln t vanishes where τz² + (ν+1)z + τν = 0; the larger root is the peak.
    half = (post.nu + 1) / (2 * post.tau)
    inside = half * half - post.nu
    peak = np.exp(post.mu + post.tau * (np.sqrt(np.maximum(inside, 0.0)) - half))
    return pick(inside > 0, peak, 1.0)


def _log_density(post: Posterior, days: Any) -> Any:
    t = np.log(np.maximum(days, NO_TIME))
    z = (t - post.mu) / post.tau
    return -(post.nu + 1) / 2 * np.log1p(z * z / post.nu) - t

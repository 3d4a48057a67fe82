"""The curves of the purchase-cycle model, over floats or numpy arrays, in days since the last purchase.

A gap is log-t distributed: S(t) = 1 − T_ν((ln t − μ)/τ). After each purchase a friend may drop out for good:
P_alive(c) = (b+n)·S(c) / (a + (b+n)·S(c)), and P_alive(c)·(1 − S(c+H)/S(c)) buy within H days.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy import special  # pyright: ignore[reportMissingTypeStubs] -- scipy ships none

_cdf: Any = special.stdtr

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
    weight, now = b + post.n, survival(post, since)
    # Not as P_alive·(1 − S(c+H)/S(c)): after a very long absence S(c) is 0 to the last digit.
    return weight * (now - survival(post, since + within)) / (a + weight * now)

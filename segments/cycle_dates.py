"""The dates of one customer, in days since the last purchase, to full precision; segments.cycle_bulk does millions."""

from functools import lru_cache
from math import exp, log, log1p, nan, sqrt
from typing import Any, NamedTuple

from scipy import special  # pyright: ignore[reportMissingTypeStubs] -- scipy ships none

from segments.cycle_curves import (
    LAPSE_CHANCE,
    LAPSE_HORIZON,
    NO_TIME,
    RETURN_HORIZON,
    SLIP_QUANTILE,
    WINDOW_AFTER,
    WINDOW_BEFORE,
    Posterior,
)
from segments.cycle_shape import remind_day

_cdf: Any = special.stdtr
_quantile: Any = special.stdtrit

SHORTEST_REMINDED_CYCLE = 10.0
"""Days; below this a reminder would only be noise."""
FARTHEST = 3650.0
"""Days; no date is promised beyond ten years."""
CLOSE = 1e-5
"""How near to the chance of 0.2 the date of lapse is sought."""


class Days(NamedTuple):
    """Days after the last purchase, of one customer or, as arrays, of many; remind is nan where there is none."""

    cycle: Any
    due: Any
    remind: Any
    slip: Any
    lapse: Any


def dates_of(post: Posterior, a: float, b: float, shape: str) -> Days:
    """Return the median gap, and the days on which the customer is due, reminded, late and lapsed."""
    cycle, due, slip = exp(min(post.mu, 60.0)), due_days(post), slip_days(post)
    return Days(cycle, due, _remind(post, cycle, due, shape), slip, lapse_days(post, slip, a, b))


def slip_days(post: Posterior) -> float:
    """Return the day by which four gaps in five would have ended."""
    return exp(min(post.mu + post.tau * slip_quantile(post.nu), 60.0))


@lru_cache(maxsize=1024)
def slip_quantile(nu: float) -> float:
    """Return how many scales after the median that is."""
    return float(_quantile(nu, SLIP_QUANTILE))


def due_days(post: Posterior) -> float:
    """Return the median gap, given that it ends within the horizon: max(90 days, 1.5 personal medians)."""
    horizon = max(log(RETURN_HORIZON), log(1.5) + post.mu)
    within = _cdf(post.nu, (horizon - post.mu) / post.tau)
    return exp(min(post.mu + post.tau * float(_quantile(post.nu, within / 2)), 60.0))


def _remind(post: Posterior, cycle: float, due: float, shape: str) -> float:
    """Return the day of the likeliest week.

    With one purchase only the prior speaks, and its most likely week is far too early to be of use:
    the reminder then waits for the due date.
    """
    if cycle < SHORTEST_REMINDED_CYCLE:
        return nan
    if post.n == 0:
        return float(round(due))
    return remind_day(post, shape) if shape else remind_days(post)


def remind_days(post: Posterior) -> float:
    """Return the whole day d, at least 5, whose week d−4 … d+3 is the likeliest to hold the purchase by the model."""
    mode = _mode(post)
    low, high = mode - WINDOW_AFTER, mode + WINDOW_BEFORE
    for _ in range(8):  # 7 days halved eight times: 40 minutes
        middle = (low + high) / 2
        if _log_density(post, middle - WINDOW_BEFORE) < _log_density(post, middle + WINDOW_AFTER):
            low = middle
        else:
            high = middle
    return float(round(max(high, WINDOW_BEFORE + 1)))


def lapse_days(post: Posterior, slip: float, a: float, b: float) -> float:
    """Return the day after `slip` from which a purchase within 90 days is less likely than 0.2."""
    low, above = slip, _above(post, slip, a, b)
    if above <= 0 or slip >= FARTHEST:
        return slip
    high, below = low, above
    while below > 0:
        if high >= FARTHEST:
            return FARTHEST
        low, above, high = high, below, high * 2
        below = _above(post, high, a, b)
    return _crossing(post, (log(low), above), (log(high), below), a, b)


def _crossing(
    post: Posterior, left: tuple[float, float], right: tuple[float, float], a: float, b: float
) -> float:
    """Find the zero between two logarithms of days by regula falsi (Illinois), which never leaves them."""
    (low, above), (high, below) = left, right
    middle, value = high, below
    for _ in range(60):
        middle = (low * below - high * above) / (below - above)
        before, value = value, _above(post, exp(middle), a, b)
        if abs(value) < CLOSE:
            break
        if value > 0:
            low, above = middle, value
            below = below / 2 if before > 0 else below
        else:
            high, below = middle, value
            above = above / 2 if before < 0 else above
    return exp(middle)


def _above(post: Posterior, since: float, a: float, b: float) -> float:
    """Return by how much the chance of a purchase in the next 90 days is above 0.2."""
    weight = b + post.n
    now = _cdf(post.nu, (post.mu - log(since)) / post.tau)
    later = _cdf(post.nu, (post.mu - log(since + LAPSE_HORIZON)) / post.tau)
    return float(weight * (now - later) / (a + weight * now)) - LAPSE_CHANCE


def _mode(post: Posterior) -> float:
    # The density's slope in ln t vanishes where τz² + (ν+1)z + τν = 0; the larger root is the peak.
    half = (post.nu + 1) / (2 * post.tau)
    inside = half * half - post.nu
    return exp(min(post.mu + post.tau * (sqrt(inside) - half), 60.0)) if inside > 0 else 1.0


def _log_density(post: Posterior, days: float) -> float:
    t = log(max(days, NO_TIME))
    z = (t - post.mu) / post.tau
    return -(post.nu + 1) / 2 * log1p(z * z / post.nu) - t

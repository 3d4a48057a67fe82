"""The measured shape S̃ of a shop's gaps: how the model's u = 1 − S(gap) really falls, for the likeliest week.

S̃ is a table: a row for customers with 0, 1, 2–3, 4–7, 8 or more gaps, and the share still waiting at
u = 0, 1/400 … 1. As text it is base64 of 16-bit fractions, 5 kB, to be kept among the parameters.
"""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special  # pyright: ignore[reportMissingTypeStubs] -- scipy ships none

from segments.cycle_curves import WINDOW_AFTER, WINDOW_BEFORE, Posterior

_cdf: Any = special.stdtr

BUCKETS = np.array([0, 1, 2, 4, 8])
"""The fewest gaps of each row."""
NODES = 401
_FULL = 65535
Z_FROM, Z_TO, Z_STEP = -3.0, 0.5, 0.0625
CANDIDATES = np.arange(Z_FROM, Z_TO + Z_STEP / 2, Z_STEP)
"""Days tried for a reminder, in scales τ from the median; the likeliest week lies before the median."""

Floats = NDArray[np.float64]


def encode(table: Floats) -> str:
    """Return a table of 5 × 401 shares as text."""
    return b64encode(np.rint(table * _FULL).astype("<u2").tobytes()).decode("ascii")


@lru_cache(maxsize=64)
def decode(text: str) -> Floats:
    """Return the table; raise ValueError when the text is none, or a row does not fall from 1."""
    try:
        held = b64decode(text, validate=True)
    except NotBase64 as error:
        raise ValueError("no_shape") from error
    if len(held) != 2 * len(BUCKETS) * NODES:
        raise ValueError("no_shape")
    flat = np.frombuffer(held, "<u2")
    table = flat.reshape(len(BUCKETS), NODES) / _FULL
    if (np.diff(table, axis=1) > 0).any() or (table[:, 0] < 1).any():
        raise ValueError("no_shape")
    return table


def bucket(n: Any) -> Any:
    """Return the row of customers with `n` gaps."""
    rows: Any = np
    return rows.searchsorted(BUCKETS, n, side="right") - 1


def still_waiting(row: Floats, u: Floats) -> Floats:
    """Return S̃ at `u`, between nodes by a straight line."""
    place = np.clip(u, 0.0, 1.0) * (NODES - 1)
    left = np.minimum(place.astype(np.int64), NODES - 2)
    return row[left] + (place - left) * (row[left + 1] - row[left])


def remind_day(post: Posterior, text: str) -> float:
    """Return for one customer the day d, at least 5, whose week d−4 … d+3 holds the purchase likeliest by S̃."""
    days = np.maximum(np.rint(np.exp(post.mu + post.tau * CANDIDATES)), WINDOW_BEFORE + 1)
    ends = np.concatenate((days - WINDOW_BEFORE, days + WINDOW_AFTER))
    u = _cdf(post.nu, (np.log(ends) - post.mu) / post.tau)
    waiting = still_waiting(decode(text)[bucket(post.n)], u)
    return float(days[np.argmax(waiting[: len(days)] - waiting[len(days) :])])

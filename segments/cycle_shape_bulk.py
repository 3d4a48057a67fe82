"""Finds the likeliest week by the measured shape S̃ for millions of customers: once for each kind of them.

The place of the best day, in scales from the median, hardly differs between customers of like n, median and
scale: it is sought on a grid of these and read off at the nearest node.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special  # pyright: ignore[reportMissingTypeStubs] -- scipy ships none

from segments.cycle_curves import WINDOW_AFTER, WINDOW_BEFORE, Posterior
from segments.cycle_shape import CANDIDATES, bucket, decode, still_waiting

_np: Any = np
_cdf: Any = special.stdtr

Floats = NDArray[np.float64]

N_NODES = np.array([1, 2, 3, 4, 6, 8, 12, 20, 40, 100, 400.0])
MU_STEP, TAU_STEP = 0.08, 0.08
"""Of ln(days), and of ln(scale)."""
MU_FROM, MU_TO = 2.2, 8.4
"""ln of 9 days and of ten years."""
_MUS = np.arange(MU_FROM, MU_TO, MU_STEP)


def remind_by_shape(post: Posterior, nu0: float, text: str) -> Floats:
    """Return the whole day d, at least 5, whose week d−4 … d+3 holds the purchase likeliest by S̃; ν is `nu0` + n."""
    if not len(post.mu):
        return np.zeros(0)
    mu = np.clip(np.rint((post.mu - MU_FROM) / MU_STEP), 0, len(_MUS) - 1).astype(np.int64)
    tau = np.rint(np.log(post.tau) / TAU_STEP).astype(np.int64)
    # A kind of customers is a row of S̃ and a scale: each is worked out once in the life of the process.
    kinds, kind = np.unique(np.stack((_nearest_n(post.n), tau)), axis=1, return_inverse=True)
    best = np.array([_best(row, step, nu0, text) for row, step in kinds.T.tolist()])
    place = best[kind.ravel(), mu]
    return np.maximum(np.rint(np.exp(np.minimum(post.mu + post.tau * place, 60.0))), WINDOW_BEFORE + 1)


@lru_cache(maxsize=4096)
def _best(row: int, tau_step: int, nu0: float, text: str) -> Floats:
    """Return the best place for every median, of customers of one node of n and one scale."""
    n, tau = float(N_NODES[row]), float(np.exp(TAU_STEP * tau_step))
    shape = decode(text)[bucket(n)]
    grid = np.linspace(-40, 40, 5121)
    chances = _cdf(nu0 + n, grid)
    middle = _MUS[:, None]
    days = np.exp(middle + tau * CANDIDATES)
    days = np.maximum(days, WINDOW_BEFORE + 1)

    def waiting(ends: Floats) -> Floats:
        z: Floats = (np.log(ends) - middle) / tau
        u = _np.interp(z.ravel(), grid, chances)
        return still_waiting(shape, u).reshape(z.shape)

    hit = waiting(days - WINDOW_BEFORE) - waiting(days + WINDOW_AFTER)
    return CANDIDATES[hit.argmax(axis=1)]


def _nearest_n(n: Floats) -> NDArray[np.int64]:
    """Return the node of the same row of S̃, nearest by ratio."""
    edges = np.sqrt(N_NODES[1:] * N_NODES[:-1])
    edges[:5] = (2, 3, 4, 5, 8)  # never across a border of the table's rows
    return np.searchsorted(edges, np.maximum(n, 1), side="right")

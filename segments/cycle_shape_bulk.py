"""Finds the likeliest week by the measured shape S̃ for millions of customers: once for each kind of them.

The place of the best day, in scales from the median, hardly differs between customers of like n, median and
scale: it is sought on a grid of these and read off at the nearest node.
"""

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


def remind_by_shape(post: Posterior, text: str) -> Floats:
    """Return the whole day d, at least 5, whose week d−4 … d+3 holds the purchase likeliest by S̃."""
    log_tau = np.log(post.tau)
    start = float(log_tau.min()) if len(log_tau) else 0.0
    wide = int((log_tau.max() - start) / TAU_STEP) + 2 if len(log_tau) else 1
    taus = np.exp(start + TAU_STEP * np.arange(wide))
    mus = np.arange(MU_FROM, MU_TO, MU_STEP)
    nu0 = float(post.nu[0] - post.n[0]) if len(log_tau) else 1.0
    best = np.array([_best(n, nu0 + n, mus, taus, text) for n in N_NODES]).ravel()
    row = _nearest_n(post.n)
    mu = np.clip(np.rint((post.mu - MU_FROM) / MU_STEP), 0, len(mus) - 1)
    tau = np.rint((log_tau - start) / TAU_STEP)
    place = ((row * len(mus) + mu) * wide + tau).astype(np.int64)
    return np.maximum(np.rint(np.exp(np.minimum(post.mu + post.tau * best[place], 60.0))), WINDOW_BEFORE + 1)


def _best(n: float, nu: float, mus: Floats, taus: Floats, text: str) -> Floats:
    """Return the best place for every pair of median and scale."""
    shape = decode(text)[bucket(n)]
    grid = np.linspace(-40, 40, 5121)
    chances = _cdf(nu, grid)
    middle = mus[:, None, None]
    days = np.exp(middle + taus[None, :, None] * CANDIDATES)
    days = np.maximum(days, WINDOW_BEFORE + 1)

    def waiting(ends: Floats) -> Floats:
        z: Floats = (np.log(ends) - middle) / taus[None, :, None]
        u = _np.interp(z.ravel(), grid, chances)
        return still_waiting(shape, u).reshape(z.shape)

    hit = waiting(days - WINDOW_BEFORE) - waiting(days + WINDOW_AFTER)
    return CANDIDATES[hit.argmax(axis=2)]


def _nearest_n(n: Floats) -> NDArray[np.int64]:
    """Return the node of the same row of S̃, nearest by ratio."""
    edges = np.sqrt(N_NODES[1:] * N_NODES[:-1])
    edges[:5] = (2, 3, 4, 5, 8)  # never across a border of the table's rows
    return np.searchsorted(edges, np.maximum(n, 1), side="right")

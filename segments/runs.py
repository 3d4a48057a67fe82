"""Runs of equal neighbours in sorted columns: where they begin and end, and what they add up to."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def borders(*columns: Any) -> Bools:
    """Tell of each element whether a run begins with it: whether any column differs from the element before."""
    new = np.ones(len(columns[0]), dtype=np.bool_)
    np.not_equal(columns[0][1:], columns[0][:-1], out=new[1:])
    for column in columns[1:]:
        new[1:] |= column[1:] != column[:-1]
    return new


def lasts(starts: Ints, size: int) -> Ints:
    """Return where the runs end that begin at `starts`, of `size` elements in all."""
    if not len(starts):
        return starts
    ends = np.empty_like(starts)
    ends[:-1] = starts[1:]
    ends[-1] = size
    ends -= 1
    return ends


def add_up(values: Any, starts: Ints) -> Any:
    """Return the sum of each run; it does not depend, to the last bit, on what stands beside the run."""
    return np.add.reduceat(values, starts) if len(starts) else values[:0]

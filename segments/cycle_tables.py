"""Student's t for customers of every number of gaps: tables made when first needed, kept for as long as the process.

A row depends on n and on the prior alone, never on who else is computed with it: a date is the same for one
friend as among a million.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special  # pyright: ignore[reportMissingTypeStubs] -- scipy ships none

from segments.cycle_dates import slip_quantile

_cdf: Any = special.stdtr
_quantile: Any = special.stdtrit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Z_MAX, STEPS = 16, 64
"""Tables reach 16 scales from the median, with 64 nodes a scale."""
DUE_STEPS = 16
EXACT_N, COARSE = 40, 20
"""Beyond 40 gaps a table serves all within 2.5 %: Student's t has all but become normal."""
_FIRST_COARSE = round(np.log(EXACT_N + 1) * COARSE)
_ROWS = EXACT_N + 1 + round(np.log(1e7) * COARSE) - _FIRST_COARSE
_WIDE, _DUE_WIDE = 2 * Z_MAX * STEPS + 1, Z_MAX * DUE_STEPS + 1


class StudentTables:
    """Student's t with ν0 + n degrees of freedom, a row for each n."""

    def __init__(self, nu0: float) -> None:
        self._nu0 = nu0
        self._made = np.zeros(_ROWS, dtype=np.bool_)
        self._survival = np.empty(_ROWS * _WIDE)
        self._due = np.empty(_ROWS * _DUE_WIDE)
        self.slip = np.zeros(_ROWS)

    def rows(self, n: Floats) -> Ints:
        """Return the rows that serve customers with `n` gaps, made where they are not there yet."""
        row = n.astype(np.int64)
        many = row > EXACT_N
        if many.any():
            coarse = np.rint(np.log(n[many]) * COARSE).astype(np.int64)
            row[many] = np.minimum(coarse - _FIRST_COARSE + EXACT_N + 1, _ROWS - 1)
        if not self._made[row].all():
            for one in np.unique(row[~self._made[row]]).tolist():
                self._make(one)
        return row

    def survival(self, row: Ints, z: Floats) -> Floats:
        """Return the chance that a gap is longer than `z` scales after its median."""
        return _between(self._survival, row * _WIDE, (z + Z_MAX) * STEPS, 2 * Z_MAX * STEPS)

    def due(self, row: Ints, horizon: Floats) -> Floats:
        """Return the median, in scales, of the gaps that end within the horizon."""
        return _between(self._due, row * _DUE_WIDE, horizon * DUE_STEPS, Z_MAX * DUE_STEPS)

    def _make(self, row: int) -> None:
        coarse = row - EXACT_N - 1 + _FIRST_COARSE
        nu = self._nu0 + (row if row <= EXACT_N else round(np.exp(coarse / COARSE)))
        half = _cdf(nu, np.linspace(-Z_MAX, 0, Z_MAX * STEPS + 1))
        self._survival[row * _WIDE : (row + 1) * _WIDE] = np.concatenate((1 - half[:-1], half[::-1]))
        within = _cdf(nu, np.linspace(0, Z_MAX, _DUE_WIDE))
        self._due[row * _DUE_WIDE : (row + 1) * _DUE_WIDE] = _quantile(nu, within / 2)
        self.slip[row] = slip_quantile(nu)
        self._made[row] = True


@lru_cache(maxsize=64)
def student_tables(nu0: float) -> StudentTables:
    """Return the tables of one prior; 5 MB when all rows are made, which takes a thousand purchases of somebody."""
    return StudentTables(nu0)


def _between(flat: Floats, start: Ints, place: Floats, last: float) -> Floats:
    place = np.minimum(np.maximum(place, 0.0), last - 1e-6)
    left = place.astype(np.int64)
    place -= left
    left += start
    low = flat[left]
    left += 1
    return low + place * (flat[left] - low)

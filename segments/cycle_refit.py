"""Fits the purchase-cycle model anew each night to the cycle rows, and writes new dates when it changed.

Purchases are not read: what a row keeps of a friend is all the likelihood needs. The elasticity stays as it
is, for the rows' sums hang on it; the measured shape of gaps needs their order and is left to `kokyaku forecast`.
"""

from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Any

import numpy as np
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from segments import cycle_refresh, policies, shop
from segments.cycle import CycleParams, forecast_arrays
from segments.cycle_fit import ENOUGH_IN_CATEGORY, fit
from segments.cycle_history import Floats, Sums
from segments.cycle_refresh import Progress, refresh_dates, silent
from segments.db import Database
from segments.models import Cycle
from segments.purchase_history import EVERYTHING

MATERIAL = 0.02
"""By which share dates must move, in the mean, for new parameters to be worth a rewriting of all rows."""
BY = "refit"
STREAMED = 10_000
"""Rows fetched at once."""


def nightly(database: Database, now: datetime, progress: Progress = silent) -> bool:
    """Fit, save what changed materially and write the dates; tell whether any were to be written.

    Reads, fits and only then opens a writing transaction: nobody waits for the fit. Interrupted, it goes on
    with the dates the next time.
    """
    with database.reading() as session:
        before, found = policies.cycle_params(session), estimated(session, now)
    if found is not None:
        with database.begin() as session:
            # Somebody's own choice, made during the fit, stands.
            if policies.cycle_params(session) == before:
                _save(session, found, now)
    with database.reading() as session:
        waiting = cycle_refresh.is_waiting(session)
    if waiting:
        refresh_dates(database, now, progress)
    return waiting


def refit(session: Session, now: datetime) -> CycleParams | None:
    """Fit to the cycle rows and save a new version if it moves dates materially; return it, or None.

    The dates of the rows are then to be written by `refresh_dates`.
    """
    found = estimated(session, now)
    if found is not None:
        _save(session, found, now)
    return found


def estimated(session: Session, now: datetime) -> CycleParams | None:
    """Return the parameters that fit the cycle rows, None when dates would hardly move."""
    kept, zone = policies.cycle_params(session), shop.load(session).zone
    sums, since = _sums(session, EVERYTHING, kept, now, zone)
    plain = replace(kept, shape="", categories={})
    found = fit(sums, since, plain, elasticity=False) if len(sums.n) else plain
    own = {
        category: fit(*_sums(session, category, kept, now, zone), found, elasticity=False)
        for category in session.scalars(_big_categories())
    }
    found = replace(found, categories=own)
    changed = own.keys() != kept.categories.keys() or bool(kept.shape)
    pairs = [(kept, found), *((kept.of(category), one) for category, one in own.items())]
    return found if changed or any(_moved(sums, *pair) > MATERIAL for pair in pairs) else None


def _save(session: Session, params: CycleParams, now: datetime) -> None:
    # Not save_cycle_params: states stand, only dates move, and refresh_dates writes those.
    policies.save(session, policies.CYCLE, params.to_json(), BY, now)
    cycle_refresh.start_over(session, now)


def _big_categories() -> Select[str]:
    return (
        select(Cycle.category)
        .where(Cycle.category != EVERYTHING, Cycle.n > 0)
        .group_by(Cycle.category)
        .having(func.count() >= ENOUGH_IN_CATEGORY)
        .order_by(Cycle.category)
    )


def _sums(
    session: Session, category: str, params: CycleParams, now: datetime, zone: tzinfo
) -> tuple[Sums, Floats]:
    """Return what the likelihood needs of the category's rows, and their days since the last purchase."""
    query = (
        select(Cycle.n, Cycle.s1, Cycle.s2, Cycle.last_quantity, Cycle.last_at)
        .where(Cycle.category == category)
        .execution_options(yield_per=STREAMED)
    )
    today = now.astimezone(zone).date()
    parts = [np.array([_numbers(row, zone) for row in rows]) for rows in session.execute(query).partitions()]
    n, s1, s2, quantity, last = np.concatenate([np.zeros((0, 5)), *parts]).T
    own, none = params.of(category), np.zeros(len(n))
    x_last = np.log(np.maximum(quantity, 1.0) / own.usual_quantity)
    day = last.astype(np.int64)
    return Sums(n, s1, s2, none, none, none, x_last, day, day), np.maximum(today.toordinal() - last, 0.0)


def _numbers(row: Any, zone: tzinfo) -> tuple[float, ...]:
    n, s1, s2, quantity, last_at = row
    return n, s1, s2, quantity, last_at.astimezone(zone).date().toordinal()


def _moved(sums: Sums, before: CycleParams, after: CycleParams) -> float:
    """Return by which share the dates of the customers move, in the mean."""
    if not len(sums.n):
        return 0.0
    n, s1, s2 = sums.n, sums.y, sums.yy
    old, new = (forecast_arrays(n, s1, s2, 0.0 * n, one) for one in (before, after))
    moves: list[Floats] = [np.abs(a - b) / np.maximum(a, 1.0) for a, b in zip(old, new, strict=True)]
    return max(float(np.nanmean(each)) if not np.isnan(each).all() else 0.0 for each in moves)

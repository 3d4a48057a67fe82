"""Learns the purchase-cycle model anew each night from a sample of buyers' purchases, and has new dates written.

What is learned is what `kokyaku forecast` learns of the same purchases: the population's parameters, how the gap
grows with the quantity, the measured shape of gaps. It is saved, as a version, only where it moves dates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from segments import bulk_rebuild, cycle_refresh, cycle_sample, policies, shop
from segments.cycle import CycleParams, forecast_arrays
from segments.cycle_fit import ENOUGH_IN_CATEGORY
from segments.cycle_history import Floats, PurchaseDays, sums_of, until
from segments.cycle_learn import learn, repeaters
from segments.cycle_refresh import Progress, silent
from segments.db import Database
from segments.micros import micros_of
from segments.models import Cycle
from segments.purchase_history import EVERYTHING
from segments.zone_days import days_of

MATERIAL = 0.02
"""By which share dates must move, in the mean, for new parameters to be worth a rewriting of all rows."""
ELASTICITY_STEP = 0.05
"""A change of the elasticity below it is left out: the states of all friends hang on it, not their dates alone."""
BY = "refit"


def nightly(database: Database, now: datetime, progress: Progress = silent) -> bool:
    """Learn, save what changed materially and write the dates; tell whether any were to be written.

    Reads, learns and only then opens a writing transaction: nobody waits for it. Interrupted, it goes on
    with the dates the next time.
    """
    with database.reading() as session:
        before, found = policies.cycle_params(session), estimated(session, now)
    if found is not None:
        with database.begin() as session:
            # Somebody's own choice, made during the fit, stands.
            if policies.cycle_params(session) == before:
                _save(session, before, found, now)
    return _write(database, now, progress)


def estimated(session: Session, now: datetime) -> CycleParams | None:
    """Return the parameters learned from the buyers of the sample, None when dates would hardly move."""
    kept, zone = policies.cycle_params(session), shop.load(session).zone
    # Before the first version there is nothing to be near to.
    near = kept if policies.in_force(session, policies.CYCLE) else None
    today = int(days_of(np.array([micros_of(now)]), zone)[0])
    sample = cycle_sample.of_shop(session, zone)
    if not sample:
        return None
    bought = {category: until(days, today + 1) for category, days in sample.items()}
    for category in _thin_in(session, bought):
        bought[category] = until(cycle_sample.of_category(session, category, zone), today + 1)
    found = _learned(bought.pop(EVERYTHING), today, near)
    own = {
        category: _learned(days, today, near.of(category) if near else None, found)
        for category, days in sorted(bought.items())
        if repeaters(days) >= ENOUGH_IN_CATEGORY
    }
    found = replace(found, categories=own)
    return found if _moves(sample, kept, found) else None


def _learned(
    days: PurchaseDays, today: int, near: CycleParams | None, base: CycleParams | None = None
) -> CycleParams:
    """Learn with the elasticity of the parameters in force wherever the purchases tell hardly another."""
    found = learn(days, today, base)
    if near is None or abs(found.elasticity - near.elasticity) >= ELASTICITY_STEP:
        return found
    return learn(days, today, base, held=near)


def _thin_in(session: Session, bought: Mapping[str, PurchaseDays]) -> list[str]:
    """Return the categories with buyers enough to learn from, but too few of them in the sample."""
    big = session.scalars(
        select(Cycle.category)
        .where(Cycle.category != EVERYTHING, Cycle.n > 0)
        .group_by(Cycle.category)
        .having(func.count() >= ENOUGH_IN_CATEGORY)
    )
    known = {category for category, days in bought.items() if repeaters(days) >= ENOUGH_IN_CATEGORY}
    return sorted(set(big) - known)


def _moves(sample: Mapping[str, PurchaseDays], before: CycleParams, after: CycleParams) -> bool:
    own = {EVERYTHING, *before.categories, *after.categories} & sample.keys()
    return any(_moved(sample[each], before.of(each), after.of(each)) > MATERIAL for each in own)


def _moved(days: PurchaseDays, before: CycleParams, after: CycleParams) -> float:
    """Return by which share the dates of the customers move, in the mean of the date that moves most."""
    pairs = zip(_dates(days, before), _dates(days, after), strict=True)
    moves: list[Floats] = [np.abs(new - old) / np.maximum(old, 1.0) for old, new in pairs]
    return max(float(np.nanmean(each)) if not np.isnan(each).all() else 0.0 for each in moves)


def _dates(days: PurchaseDays, params: CycleParams) -> Sequence[Floats]:
    """Return the days from each customer's last purchase to their dates, a row a date."""
    sums = sums_of(days, params.usual_quantity).of(np.unique(days.customer))
    n, s1, s2 = sums.states(params.elasticity)
    return forecast_arrays(n, s1, s2, params.elasticity * sums.x_last, params)


def _save(session: Session, before: CycleParams, found: CycleParams, now: datetime) -> None:
    policies.save(session, policies.CYCLE, found.to_json(), BY, now)
    if found.makes_states_of(before):
        cycle_refresh.start_over(session, now)
    else:
        bulk_rebuild.start_over(session, now)


def _write(database: Database, now: datetime, progress: Progress) -> bool:
    with database.reading() as session:
        rebuild, refresh = bulk_rebuild.is_waiting(session), cycle_refresh.is_waiting(session)
    if rebuild:
        bulk_rebuild.rebuild_all(database, now, progress)
    if refresh:
        cycle_refresh.refresh_dates(database, now, progress)
    return rebuild or refresh

"""What each friend is likely to spend soon: who comes first when not everybody can be written to.

The measure is the chance that the friend buys within 28 days, by their own purchase cycle, times what one of their
purchases has brought on average. Who is equal by it comes by who reacted last.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import policies
from segments.cycle import CycleParams, p_buy, posterior_of
from segments.micros import Floats, as_micros, floats, micros_of
from segments.models import Cycle, Facts

HORIZON = 28.0
"""Days within which a purchase is looked for: the horizon of segments.cycle_forecasts."""
BATCH = 2000
DAY = 86_400_000_000.0
"""Microseconds."""


class Values(NamedTuple):
    """Friends and what they are worth, in the same order."""

    friend_id: Any
    yen: Floats
    reacted_at: Floats


def expected_yen(session: Session, friend_ids: Iterable[int], now: datetime) -> Values:
    """Return what each friend is likely to spend within 28 days, in yen; 0 for who has not bought yet."""
    parts = list(_parts(session, friend_ids, policies.cycle_params(session), now))
    if not parts:
        return Values(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
    return Values(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def best_first(session: Session, friend_ids: Sequence[int], now: datetime) -> list[int]:
    """Return the friends, the most valuable first; the order is the same whenever it is asked at `now`."""
    values = expected_yen(session, friend_ids, now)
    order = np.lexsort((values.friend_id, -values.reacted_at, -values.yen))
    return values.friend_id[order].tolist()


def _parts(
    session: Session, friend_ids: Iterable[int], params: CycleParams, now: datetime
) -> Iterator[Values]:
    # Sorted, so that neighbours are read together.
    ids = sorted(set(friend_ids))
    for start in range(0, len(ids), BATCH):
        query = _QUERY.where(_facts.friend_id.in_(ids[start : start + BATCH]))
        yield _values(session.connection().execute(query).fetchall(), params, float(micros_of(now) or 0))


_cycle: Any = Cycle.__table__.c
_facts: Any = Facts.__table__.c


_OVER_ALL = (_cycle.friend_id == _facts.friend_id) & (_cycle.category == "")
_QUERY = select(
    _facts.friend_id,
    _facts.purchase_count,
    _facts.spend_yen,
    as_micros(_facts.last_reaction_at),
    _cycle.n,
    _cycle.s1,
    _cycle.s2,
    _cycle.last_quantity,
    as_micros(_cycle.last_at),
).select_from(Facts.__table__.outerjoin(Cycle.__table__, _OVER_ALL))


def _values(rows: Sequence[Any], params: CycleParams, now: float) -> Values:
    if not rows:
        return Values(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
    friend_id, count, spend, reacted, n, s1, s2, quantity, last = zip(*rows, strict=True)
    bought = ~np.isnan(floats(last))
    mean = floats(spend) / np.maximum(floats(count), 1)
    yen = np.zeros(len(rows))
    if bought.any():
        state = _State(*(floats(each)[bought] for each in (n, s1, s2, quantity, last)))
        yen[bought] = _chance(state, params, now) * mean[bought]
    return Values(np.array(friend_id, dtype=np.int64), yen, np.nan_to_num(floats(reacted), nan=-1.0))


class _State(NamedTuple):
    """Purchase cycles as columns, as segments.models.Cycle has them."""

    n: Floats
    s1: Floats
    s2: Floats
    quantity: Floats
    last: Floats


def _chance(state: _State, params: CycleParams, now: float) -> Any:
    shift = params.elasticity * np.log(np.maximum(state.quantity, 1) / params.usual_quantity)
    since = np.maximum((now - state.last) / DAY, 0.0)
    post = posterior_of(state.n, state.s1, state.s2, shift, params)
    return p_buy(post, since, HORIZON, params.a, params.b)

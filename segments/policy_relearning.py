"""Learns from purchases what thresholds that are only tried would have facts say; nothing is written."""

from collections.abc import Iterable
from datetime import tzinfo
from itertools import chain
from typing import Any, cast

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import learned, purchase_columns
from segments.ladder_facts import Floats
from segments.ladder_policies import GrowthPolicy, StagePolicy
from segments.learned_products import products_of
from segments.local_times import micros
from segments.models import Purchase
from segments.purchase_columns import Ints, Purchases, catalogue_of
from segments.purchase_history import counts
from segments.zone_days import days_of

SOME = 1000
"""Friends whose order lines are read together."""
HABITS = ("settled_count", "subscription_since", "subscription_until")


def regular_until(session: Session, ids: Ints, policy: StagePolicy) -> Floats:
    """Return until when friends, by ascending id, would be 常連 (`segments.stages.regular_until`); nan is never."""
    bought = _full_price(session, int(ids[0]), int(ids[-1]))
    bought = bought[np.isin(bought[:, 0], ids)]
    bought = bought[np.lexsort((bought[:, 1], bought[:, 0]))]
    nothing = np.array([], dtype=np.int64)
    purchases = Purchases(
        friends=len(ids),
        who=np.searchsorted(ids, bought[:, 0]),
        at=bought[:, 1],
        yen=bought[:, 2],
        trial=np.zeros(len(bought), dtype=np.bool_),
        order=nothing,
        product=nothing,
        line_yen=nothing,
        quantity=nothing,
        catalogue=catalogue_of({}),
    )
    return learned.regular_until(purchases, policy)


def _full_price(session: Session, first: int, last: int) -> Ints:
    """Return friend, moment and kept yen of every full-price purchase that counts, a row each."""
    query = select(
        Purchase.friend_id, micros(session, Purchase.bought_at), Purchase.amount_yen - Purchase.refunded_yen
    ).where(Purchase.friend_id.between(first, last), Purchase.is_trial.is_(False), counts())
    with session.connection().execute(query) as result:
        # Whole numbers all: the driver's own tuples become an array without an object in between.
        numbers = chain.from_iterable(cast("Iterable[tuple[int, ...]]", result.cursor))
        return np.fromiter(numbers, np.int64).reshape(-1, 3)


def product_facts(session: Session, ids: Ints, policy: GrowthPolicy, zone: tzinfo) -> dict[str, Any]:
    """Return the columns of facts that habits and subscriptions decide, of friends by ascending id."""
    some = [ids[start : start + SOME] for start in range(0, len(ids), SOME)]
    parts = [_product_facts(session, each, policy, zone) for each in some]
    return {name: np.concatenate([part[name] for part in parts]) for name in HABITS}


def _product_facts(session: Session, ids: Ints, policy: GrowthPolicy, zone: tzinfo) -> dict[str, Any]:
    bought = purchase_columns.load(session, ids.tolist())
    days = days_of(bought.at, zone)
    facts = products_of(bought, days, policy.settling_purchases, policy.subscription_grace)
    return {name: getattr(facts, name) for name in HABITS}

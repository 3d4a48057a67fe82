"""Learns from purchases what thresholds that are only tried would have facts say; nothing is written."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

import numpy as np
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from segments import learned, purchase_columns
from segments.ladder_facts import Floats
from segments.ladder_policies import GrowthPolicy, StagePolicy
from segments.learned_products import products_of
from segments.micros import as_micros
from segments.models import Purchase
from segments.purchase_columns import Purchases, catalogue_of
from segments.purchase_history import counts
from segments.zone_days import days_of

SOME = 1000
"""Friends whose order lines are read together."""

_FULL_PRICE = select(
    Purchase.friend_id,
    Purchase.id,
    as_micros(Purchase.bought_at),
    Purchase.amount_yen - Purchase.refunded_yen,
).where(
    Purchase.friend_id.between(bindparam("first"), bindparam("last")), Purchase.is_trial.is_(False), counts()
)


def regular_until(session: Session, ids: Sequence[int], policy: StagePolicy) -> Floats:
    """Return until when friends, by ascending id, would be 常連 (`segments.stages.regular_until`); nan is never."""
    rows = session.connection().execute(_FULL_PRICE, {"first": ids[0], "last": ids[-1]}).fetchall()
    bought = np.array([tuple(row) for row in rows], dtype=np.int64).reshape(-1, 4)
    friends = np.array(ids, dtype=np.int64)
    bought = bought[np.isin(bought[:, 0], friends)]
    bought = bought[np.lexsort((bought[:, 1], bought[:, 2], bought[:, 0]))]
    who, nothing = np.searchsorted(friends, bought[:, 0]), np.array([], dtype=np.int64)
    return learned.regular_until(
        Purchases(
            friends=len(ids),
            who=who,
            at=bought[:, 2],
            yen=bought[:, 3],
            trial=np.zeros(len(bought), dtype=np.bool_),
            order=nothing,
            product=nothing,
            line_yen=nothing,
            quantity=nothing,
            catalogue=catalogue_of({}),
        ),
        policy,
    )


def product_facts(session: Session, ids: Sequence[int], policy: GrowthPolicy, zone: tzinfo) -> dict[str, Any]:
    """Return the columns of facts that habits and subscriptions decide, of friends by ascending id."""
    parts = [
        _product_facts(session, ids[start : start + SOME], policy, zone) for start in range(0, len(ids), SOME)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _product_facts(
    session: Session, ids: Sequence[int], policy: GrowthPolicy, zone: tzinfo
) -> dict[str, Any]:
    bought = purchase_columns.load(session, ids)
    days = days_of(bought.at, zone)
    facts = products_of(bought, days, policy.settling_purchases, policy.subscription_grace)
    return {
        name: getattr(facts, name) for name in ("settled_count", "subscription_since", "subscription_until")
    }

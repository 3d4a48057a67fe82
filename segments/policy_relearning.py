"""Learns from purchases what thresholds that are only tried would have facts say; nothing is written."""

from collections.abc import Iterable
from datetime import tzinfo
from itertools import chain
from typing import Any, cast

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from segments import learned
from segments.ladder_facts import Floats
from segments.ladder_policies import GrowthPolicy, StagePolicy
from segments.learned_products import products_of
from segments.local_times import micros
from segments.models import Product, Purchase, PurchaseItem
from segments.purchase_columns import Catalogue, Ints, Lines, ProductFacts, Purchases, catalogue_of, in_order
from segments.purchase_history import counts
from segments.zone_days import days_of

HABITS = ("settled_count", "subscription_since", "subscription_until")


def regular_until(session: Session, ids: Ints, policy: StagePolicy) -> Floats:
    """Return until when friends, by ascending id, would be 常連 (`segments.stage_signs.regular_until`); nan is never."""
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
    return _numbers(session, query, 3)


def product_facts(session: Session, ids: Ints, policy: GrowthPolicy, zone: tzinfo) -> dict[str, Any]:
    """Return the columns of facts that habits and subscriptions decide, of friends by ascending id."""
    lines = _lines(session, int(ids[0]), int(ids[-1]))
    lines = lines[np.isin(lines[:, 0], ids)]
    friend, purchase, at, product = lines.T
    # Habits hang on what was bought when; what it cost, and how many of it, only on the other facts of products.
    nothing, one = np.zeros(len(lines), dtype=np.int64), np.ones(len(lines), dtype=np.int64)
    columns = Lines(
        np.searchsorted(ids, friend), purchase, at, nothing, nothing, nothing, one, product, one != 0
    )
    bought = in_order(columns, len(ids), _catalogue(session))
    days = days_of(bought.at, zone)
    facts = products_of(bought, days, policy.settling_purchases, policy.subscription_grace)
    return {name: getattr(facts, name) for name in HABITS}


def _lines(session: Session, first: int, last: int) -> Ints:
    """Return friend, order, moment and product of every line of an order that counts, a row each."""
    query = (
        select(Purchase.friend_id, Purchase.id, micros(session, Purchase.bought_at), PurchaseItem.product_id)
        .join(PurchaseItem, PurchaseItem.purchase_id == Purchase.id)
        .where(Purchase.friend_id.between(first, last), counts())
    )
    return _numbers(session, query, 4)


def _numbers(session: Session, query: Any, width: int) -> Ints:
    with session.connection().execute(query) as result:
        # Whole numbers all: the driver's own tuples become an array without an object in between.
        numbers = chain.from_iterable(cast("Iterable[tuple[int, ...]]", result.cursor))
        return np.fromiter(numbers, np.int64).reshape(-1, width)


def _catalogue(session: Session) -> Catalogue:
    columns: Any = (
        Product.id, Product.category, func.coalesce(Product.settling_count, 0),
        func.coalesce(Product.upgrade_of_id, 0), func.coalesce(Product.subscription_days, 0),
    )  # fmt: skip
    return catalogue_of({key: ProductFacts(*rest) for key, *rest in session.execute(select(*columns))})

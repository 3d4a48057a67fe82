"""Reads all purchases that count as arrays, some friends at a time, so that no report needs them all in memory."""

from collections.abc import Iterable, Iterator
from datetime import tzinfo
from itertools import chain
from typing import Any, NamedTuple, cast

import numpy as np
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from segments.local_times import Ints, local_days, micros
from segments.models import Facts, Purchase, PurchaseItem
from segments.purchase_history import counts

FRIENDS = 20_000
"""Friends read together: with ten purchases each, 5 MB of arrays."""


class Orders(NamedTuple):
    """Orders of some friends, all that these have, by friend and day; one element an order."""

    friend: Ints
    day: Ints
    """`date.toordinal()` in the shop's zone."""
    yen: Ints
    """What was kept of it after refunds."""


class Lines(NamedTuple):
    """What some friends bought on which day, by friend, day and product; each product of a day once."""

    friend: Ints
    day: Ints
    product: Ints


def orders(session: Session, zone: tzinfo, *only: ColumnElement[bool]) -> Iterator[Orders]:
    """Give the orders of all friends, or of those whose Facts fulfil `only`."""
    query = select(
        Purchase.friend_id, micros(session, Purchase.bought_at), Purchase.amount_yen - Purchase.refunded_yen
    ).where(counts())
    if only:
        query = query.join(Facts, Facts.friend_id == Purchase.friend_id).where(*only)
    for friend, at, yen in parts(session, query):
        day = local_days(at, zone)
        order = np.lexsort((day, friend))
        yield Orders(friend[order], day[order], yen[order])


def lines(session: Session, zone: tzinfo) -> Iterator[Lines]:
    """Give what all friends bought, product by product."""
    query = (
        select(Purchase.friend_id, micros(session, Purchase.bought_at), PurchaseItem.product_id)
        .join(PurchaseItem, PurchaseItem.purchase_id == Purchase.id)
        .where(counts())
    )
    for friend, at, product in parts(session, query):
        day = local_days(at, zone)
        order = np.lexsort((product, day, friend))
        whole = Lines(friend[order], day[order], product[order])
        first = ~same_as_before(*whole)
        yield Lines(*(column[first] for column in whole))


def same_as_before(*columns: Ints) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Tell of each element whether it equals the one before it in all columns; the first never does."""
    same = np.ones(len(columns[0]), bool)
    same[:1] = False
    for column in columns:
        same[1:] &= column[1:] == column[:-1]
    return same


def parts(
    session: Session,
    query: Select[*tuple[Any, ...]],
    key: InstrumentedAttribute[Any] = Purchase.friend_id,
) -> Iterator[tuple[Ints, ...]]:
    """Give the columns of a query of whole numbers, the rows of FRIENDS friends (by `key`) at a time; none is empty."""
    session.flush()  # what follows goes by the connection itself
    last = session.scalar(select(func.max(key))) or 0
    for start in range(1, last + 1, FRIENDS):
        chosen = query.where(key.between(start, start + FRIENDS - 1))
        with session.connection().execute(chosen) as result:
            # Whole numbers all: the driver's own tuples need no conversion, and cost a third of the mapper's rows.
            numbers = chain.from_iterable(cast("Iterable[tuple[int, ...]]", result.cursor))
            columns = np.fromiter(numbers, np.int64).reshape(-1, len(query.selected_columns)).T
        if columns.size:
            yield tuple(columns)

"""Purchases that count, of many friends at once, as columns: what facts and cycles are learned from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, bindparam, case, cast, func, select
from sqlalchemy.orm import Session

from segments import driver_queries
from segments.micros import as_micros
from segments.models import Product, Purchase, PurchaseItem
from segments.purchase_history import EVERYTHING, counts
from segments.runs import borders

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class ProductFacts(NamedTuple):
    """What learning asks of a product; 0 stands for none."""

    category: str
    settling_count: int
    upgrade_of_id: int
    subscription_days: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Products as columns, by ascending id."""

    ids: Ints
    category: Ints
    """Place of the category's name in `names`."""
    settling_count: Ints
    upgrade_of_id: Ints
    subscription_days: Ints
    names: tuple[str, ...]
    """Categories in the order of their names; the first is EVERYTHING, which stands for having none too."""


@dataclass(frozen=True, slots=True)
class Purchases:
    """Purchases sorted by friend, moment and id, and their lines; a refund is already taken off."""

    friends: int
    """How many friends they are the purchases of; some may have bought nothing."""
    who: Ints
    """Of each purchase, the place of its friend, from 0."""
    at: Ints
    """Microseconds since 1970."""
    yen: Ints
    trial: Bools
    order: Ints
    """Of each line, the place of its purchase; ascending."""
    product: Ints
    """Of each line, the place of its product in the catalogue."""
    line_yen: Ints
    quantity: Ints
    catalogue: Catalogue


def catalogue_of(products: Mapping[int, ProductFacts]) -> Catalogue:
    """Return products as columns."""
    ids = sorted(products)
    known = [products[one] for one in ids]
    names = tuple(sorted({EVERYTHING, *(one.category for one in known)}))
    code = {name: place for place, name in enumerate(names)}
    numbers = [(code[one.category], *one[1:]) for one in known]
    columns: Any = np.ascontiguousarray(np.array(numbers, dtype=np.int64).reshape(len(ids), 4).T)
    category, settling_count, upgrade_of_id, days = columns
    return Catalogue(np.array(ids, dtype=np.int64), category, settling_count, upgrade_of_id, days, names)


_orders: Any = Purchase.__table__.c
_items: Any = PurchaseItem.__table__.c
_products: Any = Product.__table__.c
_kept = _orders.amount_yen - _orders.refunded_yen
# A partial refund is spread over the lines: nobody told which of them it was for.
_line_kept = case(
    (_orders.amount_yen > 0, cast(_items.amount_yen, BigInteger) * _kept // _orders.amount_yen), else_=0
)
_BARE_LINES = (
    select(
        _orders.friend_id,
        _orders.id,
        as_micros(_orders.bought_at),
        _kept,
        _orders.is_trial,
        func.coalesce(_line_kept, 0),
        func.coalesce(_items.quantity, 0),
    )
    .join_from(Purchase.__table__, PurchaseItem.__table__, isouter=True)
    .where(counts())
)
_PRODUCT = (
    _products.id,
    _products.category,
    func.coalesce(_products.settling_count, 0),
    func.coalesce(_products.upgrade_of_id, 0),
    func.coalesce(_products.subscription_days, 0),
)
_LINES = _BARE_LINES.add_columns(*_PRODUCT).outerjoin(Product.__table__)
_OF_ONE = _LINES.where(_orders.friend_id == bindparam("friend_id"))
_OF_FRIENDS = _LINES.where(_orders.friend_id.in_(bindparam("friend_ids", expanding=True)))
# Of so many the products, told once, would be told thousands of times.
_OF_RANGE = _BARE_LINES.add_columns(func.coalesce(_items.product_id, 0)).where(
    _orders.friend_id.between(bindparam("first"), bindparam("last"))
)
_PRODUCTS = select(*_PRODUCT)


def load(session: Session, friend_ids: Sequence[int]) -> Purchases:
    """Return the purchases of friends given by ascending id, in one query."""
    rows = driver_queries.of_friends(session, _OF_ONE, _OF_FRIENDS, friend_ids)
    return of_rows(rows, np.array(friend_ids, dtype=np.int64))


def load_range(session: Session, friend_ids: Ints) -> Purchases:
    """Do the same for friends who are all that there are between the first and the last of them."""
    wanted = {"first": int(friend_ids[0]), "last": int(friend_ids[-1])}
    # The lines first: a product they name is there then.
    columns: Sequence[Ints] = driver_queries.arrays(session, _OF_RANGE, wanted)
    who = np.searchsorted(friend_ids, columns[0])
    lines = Lines._make((who, *columns[1:], columns[-1] > 0))
    known = driver_queries.fetched(session, _PRODUCTS, {})
    return in_order(lines, len(friend_ids), catalogue_of({key: ProductFacts(*rest) for key, *rest in known}))


def of_rows(rows: Iterable[Any], friend_ids: Ints) -> Purchases:
    """Return rows, a line each in any order, as columns."""
    columns = tuple(zip(*rows, strict=True)) or ((),) * 12
    products = {key: ProductFacts(*rest) for key, *rest in zip(*columns[7:], strict=True) if key is not None}
    numbers: list[Ints] = [np.array(column, dtype=np.int64) for column in columns[:7]]
    has_line = np.array([key is not None for key in columns[7]], dtype=np.bool_)
    product = np.array([key or 0 for key in columns[7]], dtype=np.int64)
    who = np.searchsorted(friend_ids, numbers[0])
    lines = Lines._make((who, *numbers[1:], product, has_line))
    return in_order(lines, len(friend_ids), catalogue_of(products))


class Lines(NamedTuple):
    """Lines of orders with what is told of the order each belongs to; an order without lines has one that is none."""

    who: Ints
    purchase: Ints
    at: Ints
    yen: Ints
    trial: Ints
    line_yen: Ints
    quantity: Ints
    product_id: Ints
    has_line: Bools


def in_order(lines: Lines, friends: int, catalogue: Catalogue) -> Purchases:
    """Put lines in the order of friend, moment and purchase, and part purchases from lines."""
    order = np.lexsort((lines.purchase, lines.at, lines.who))
    columns: Any = (each[order] for each in lines)
    who, purchase, at, yen, trial, line_yen, quantity, product_id, has_line = columns
    first = borders(purchase)
    number = np.cumsum(first) - 1
    bought: Ints = product_id[has_line]
    product = np.searchsorted(catalogue.ids, bought)
    return Purchases(
        friends, who[first], at[first], yen[first], trial[first] != 0, number[has_line], product,
        line_yen[has_line], quantity[has_line], catalogue,
    )  # fmt: skip

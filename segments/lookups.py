"""Looks up what a batch of orders names: buyers, products, and the orders already stored, a query each."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from segments import driver_queries
from segments.errors import Conflict, KokyakuError, NotFound
from segments.models import Friend, Product, ProductKind, Purchase, PurchaseItem
from segments.orders import NewPurchase

_FRIENDS: Any = Friend.__table__
_PRODUCTS: Any = Product.__table__
_ORDERS: Any = Purchase.__table__
_ITEMS: Any = PurchaseItem.__table__


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an order is: a friend, a member number that waits for one, or both."""

    friend_id: int | None
    member_number: str | None


@dataclass(frozen=True, slots=True)
class Sold:
    """What recording an order needs to know of a product."""

    id: int
    price_yen: int
    kind: ProductKind


@dataclass(frozen=True, slots=True)
class StoredItem:
    """One line of a stored order."""

    product_code: str
    quantity: int
    amount_yen: int


@dataclass(frozen=True, slots=True)
class Stored:
    """One order as it is stored."""

    id: int
    friend_id: int | None
    member_number: str | None
    bought_at: datetime
    amount_yen: int
    refunded_yen: int
    items: tuple[StoredItem, ...]


@dataclass(frozen=True, slots=True)
class _Buyer:
    id: int
    line_user_id: str | None
    member_number: str | None


class Buyers:
    """The friends that a batch of orders names."""

    def __init__(self, session: Session, news: Sequence[NewPurchase]) -> None:
        found = _buyers(session, news)
        self._by_id = {buyer.id: buyer for buyer in found}
        self._by_line = {buyer.line_user_id: buyer for buyer in found if buyer.line_user_id}
        self._by_number = {buyer.member_number: buyer for buyer in found if buyer.member_number}

    def owner_of(self, new: NewPurchase) -> Owner | KokyakuError:
        """Return whose `new` is, or why that cannot be told."""
        named: set[_Buyer | None] = set()
        if new.friend_id is not None:
            named.add(self._by_id.get(new.friend_id))
        if new.line_user_id:
            named.add(self._by_line.get(new.line_user_id))
        number = new.member_number or None
        if None in named:
            return NotFound("friend_unknown", friend_id=new.friend_id, line_user_id=new.line_user_id)
        if number and number in self._by_number:
            named.add(self._by_number[number])
        buyers = [buyer for buyer in named if buyer]
        if len(buyers) > 1 or any(number and buyer.member_number not in {None, number} for buyer in buyers):
            return Conflict("owner_contradicts", line_user_id=new.line_user_id, member_number=number)
        return Owner(buyers[0].id if buyers else None, number)


_BUYERS = select(_FRIENDS.c.id, _FRIENDS.c.line_user_id, _FRIENDS.c.member_number)
_WAYS = (_FRIENDS.c.id, _FRIENDS.c.line_user_id, _FRIENDS.c.member_number)
_BUYER_BY = {column.name: _BUYERS.where(column == bindparam("named")) for column in _WAYS}
_BUYERS_BY = {column.name: _BUYERS.where(column.in_(bindparam("named", expanding=True))) for column in _WAYS}
"""A statement for each way of naming a buyer: made once, so that it is compiled once and its index is used."""


def _buyers(session: Session, news: Sequence[NewPurchase]) -> set[_Buyer]:
    wanted: dict[str, set[Any]] = {
        "id": {new.friend_id for new in news if new.friend_id is not None},
        "line_user_id": {new.line_user_id for new in news if new.line_user_id},
        "member_number": {new.member_number for new in news if new.member_number},
    }
    return {
        _Buyer(*row)
        for name, named in wanted.items()
        if named
        for row in _named(session, _BUYER_BY[name], _BUYERS_BY[name], named)
    }


def _named(session: Session, one: Any, many: Any, named: Collection[Any]) -> Iterable[Any]:
    """Ask for what is named; one, as at a till, by the plain comparison, which is half the work."""
    if len(named) == 1:
        return driver_queries.asked(session, one, {"named": next(iter(named))})
    found: Any = session.connection().execute(many, {"named": list(named)})
    return found


_PRODUCT = select(_PRODUCTS.c.code, _PRODUCTS.c.id, _PRODUCTS.c.price_yen, _PRODUCTS.c.kind)
_SOLD_ONE = _PRODUCT.where(_PRODUCTS.c.code == bindparam("named"))
_SOLD = _PRODUCT.where(_PRODUCTS.c.code.in_(bindparam("named", expanding=True)))


def sold(session: Session, codes: Iterable[str]) -> dict[str, Sold]:
    """Return the products among `codes` that the shop knows, by code."""
    wanted = set(codes)
    if not wanted:
        return {}
    rows = _named(session, _SOLD_ONE, _SOLD, wanted)
    return {code: Sold(key, price_yen, ProductKind(kind)) for code, key, price_yen, kind in rows}


_STORED = select(
    _ORDERS.c.order_id,
    _ORDERS.c.id,
    _ORDERS.c.friend_id,
    _ORDERS.c.member_number,
    _ORDERS.c.bought_at,
    _ORDERS.c.amount_yen,
    _ORDERS.c.refunded_yen,
).where(_ORDERS.c.order_id.in_(bindparam("order_ids", expanding=True)))


def stored_orders(session: Session, order_ids: Sequence[str]) -> dict[str, Stored]:
    """Return the orders among `order_ids` that are stored, by order id."""
    if not order_ids:
        return {}
    rows = session.connection().execute(_STORED, {"order_ids": order_ids}).all()
    items = _items(session, [row[1] for row in rows])
    return {
        order_id: Stored(key, friend_id, number, at, yen, refunded, tuple(items[key]))
        for order_id, key, friend_id, number, at, yen, refunded in rows
    }


_LINES = (
    select(_ITEMS.c.purchase_id, _PRODUCTS.c.code, _ITEMS.c.quantity, _ITEMS.c.amount_yen)
    .join(_PRODUCTS, _PRODUCTS.c.id == _ITEMS.c.product_id)
    .where(_ITEMS.c.purchase_id.in_(bindparam("purchase_ids", expanding=True)))
    .order_by(_ITEMS.c.purchase_id, _ITEMS.c.line)
)


def _items(session: Session, purchase_ids: Sequence[int]) -> dict[int, list[StoredItem]]:
    found: dict[int, list[StoredItem]] = defaultdict(list)
    if not purchase_ids:
        return found
    rows = session.connection().execute(_LINES, {"purchase_ids": purchase_ids})
    for purchase_id, code, quantity, amount_yen in rows:
        found[purchase_id].append(StoredItem(code, quantity, amount_yen))
    return found

"""Looks up what a batch of orders names: buyers, products, and the orders already stored, a query each."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from segments.errors import Conflict, KokyakuError, NotFound
from segments.models import Friend, Product, ProductKind, Purchase, PurchaseItem
from segments.orders import NewPurchase


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


def _buyers(session: Session, news: Sequence[NewPurchase]) -> list[_Buyer]:
    ids = {new.friend_id for new in news if new.friend_id is not None}
    line_ids = {new.line_user_id for new in news if new.line_user_id}
    numbers = {new.member_number for new in news if new.member_number}
    wanted: list[ColumnElement[bool]] = []
    if ids:
        wanted.append(Friend.id.in_(ids))
    if line_ids:
        wanted.append(Friend.line_user_id.in_(line_ids))
    if numbers:
        wanted.append(Friend.member_number.in_(numbers))
    if not wanted:
        return []
    rows = session.execute(select(Friend.id, Friend.line_user_id, Friend.member_number).where(or_(*wanted)))
    return [_Buyer(*row) for row in rows]


def sold(session: Session, codes: Iterable[str]) -> dict[str, Sold]:
    """Return the products among `codes` that the shop knows, by code."""
    wanted = set(codes)
    if not wanted:
        return {}
    query = select(Product.code, Product.id, Product.price_yen, Product.kind).where(Product.code.in_(wanted))
    rows = session.execute(query)
    return {code: Sold(key, price_yen, kind) for code, key, price_yen, kind in rows}


def stored_orders(session: Session, order_ids: Iterable[str]) -> dict[str, Stored]:
    """Return the orders among `order_ids` that are stored, by order id."""
    query = select(
        Purchase.order_id,
        Purchase.id,
        Purchase.friend_id,
        Purchase.member_number,
        Purchase.bought_at,
        Purchase.amount_yen,
        Purchase.refunded_yen,
    ).where(Purchase.order_id.in_(set(order_ids)))
    rows = session.execute(query).all()
    items = _items(session, [row[1] for row in rows])
    return {
        order_id: Stored(key, friend_id, number, at, yen, refunded, tuple(items[key]))
        for order_id, key, friend_id, number, at, yen, refunded in rows
    }


def _items(session: Session, purchase_ids: Sequence[int]) -> dict[int, list[StoredItem]]:
    found: dict[int, list[StoredItem]] = defaultdict(list)
    if not purchase_ids:
        return found
    query = (
        select(PurchaseItem.purchase_id, Product.code, PurchaseItem.quantity, PurchaseItem.amount_yen)
        .join(Product, Product.id == PurchaseItem.product_id)
        .where(PurchaseItem.purchase_id.in_(purchase_ids))
        .order_by(PurchaseItem.purchase_id, PurchaseItem.line)
    )
    for purchase_id, code, quantity, amount_yen in session.execute(query):
        found[purchase_id].append(StoredItem(code, quantity, amount_yen))
    return found

"""A sale at the till: what is to be paid after a coupon and points, recorded once, undone within minutes."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from segments import coupons, points, purchases
from segments.errors import Conflict, Invalid, NotFound
from segments.models import PointEntry, Purchase
from segments.orders import NewItem, NewPurchase, shares
from segments.till_bill import ORDER, Bill, NewSale, bill

UNDO_WITHIN = timedelta(minutes=15)
BACK = "till-back-"
_KEY = re.compile(r"[A-Za-z0-9_-]{8,40}")


@dataclass(frozen=True)
class Sale:
    """A sale as it is stored."""

    purchase: Purchase
    created: bool
    """Whether this call stored it."""


def record(session: Session, sale: NewSale, source: str, by: str, now: datetime) -> Sale:
    """Record a sale with its coupon and points, all or nothing; the same sale again changes nothing.

    Raises as `bill`, or Invalid (sale_key_invalid, owner_missing), Conflict (sale_differs: something else was
    recorded under this key).
    """
    if not _KEY.fullmatch(sale.key):
        raise Invalid("sale_key_invalid")
    stored = session.scalar(select(Purchase).where(Purchase.order_id == sale.order_id))
    if stored is not None:
        _check_same(session, stored, sale)
        return Sale(stored, created=False)
    due = bill(session, sale, now)
    if sale.points and sale.friend_id is not None:
        points.adjust(session, sale.friend_id, -sale.points, sale.order_id, by, now)
    recorded = purchases.record(session, _order(sale, due, now), now, source)
    if sale.coupon:
        coupons.redeem(session, sale.coupon, by, now, purchase_id=recorded.purchase_id)
    return Sale(recorded.purchase, created=True)


def undo(session: Session, order_id: str, source: str, by: str, now: datetime) -> Purchase:
    """Take a sale back whole: the money, the coupon, the points. Again changes nothing.

    Raises NotFound (order_unknown: no sale of this till) or Invalid (sale_too_old with minutes).
    """
    query = select(Purchase).where(Purchase.order_id == order_id, Purchase.source == source)
    sale = session.scalar(query.with_for_update())
    if sale is None:
        raise NotFound("order_unknown", order_id=order_id)
    if sale.refunded_at is not None:
        return sale
    if not can_undo(sale, now):
        raise Invalid("sale_too_old", minutes=UNDO_WITHIN // timedelta(minutes=1))
    purchases.refund(session, order_id, now)
    coupons.give_back(session, sale.id)
    used = session.scalar(select(PointEntry).where(PointEntry.cause == order_id))
    if used is not None:
        cause = BACK + order_id.removeprefix(ORDER)
        points.adjust(session, used.friend_id, -used.points, cause, by, now)
    return sale


def can_undo(sale: Purchase, now: datetime) -> bool:
    """Tell whether a sale can still be taken back here."""
    return sale.refunded_at is None and now - sale.created_at <= UNDO_WITHIN


def earned(session: Session, purchase_id: int) -> int:
    """Return the points that a sale brought."""
    query = select(func.coalesce(func.sum(PointEntry.points), 0)).where(PointEntry.purchase_id == purchase_id)
    return int(session.scalar(query) or 0)


def used_points(session: Session, order_id: str) -> int:
    """Return the points that were used up with a sale."""
    entry = session.scalar(select(PointEntry.points).where(PointEntry.cause == order_id))
    return -(entry or 0)


def _order(sale: NewSale, due: Bill, now: datetime) -> NewPurchase:
    prices = {line.product.code: line.product.price_yen for line in due.lines}
    bare = [NewItem(line.product.code, line.quantity) for line in due.lines]
    goods = due.total - due.other_yen
    # What was taken off is shared by the products and the rest in proportion.
    left = due.due * goods // due.total if due.total else 0
    items = tuple(
        NewItem(item.product_code, item.quantity, yen)
        for item, yen in zip(bare, shares(bare, left, prices), strict=True)
    )
    return NewPurchase(
        order_id=sale.order_id,
        bought_at=now,
        amount_yen=due.due,
        items=items,
        friend_id=sale.friend_id,
        member_number=None if sale.friend_id is not None else sale.member_number,
    )


def _check_same(session: Session, stored: Purchase, sale: NewSale) -> None:
    mine = {item.product_id: item.quantity for item in stored.items}
    known = sale.friend_id is not None
    owner = stored.friend_id == sale.friend_id if known else stored.member_number == sale.member_number
    if mine != dict(sale.items) or not owner or used_points(session, stored.order_id) != sale.points:
        raise Conflict("sale_differs")

"""A sale at the till: what is to be paid after a coupon and points, recorded once, undone within minutes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from segments import coupons, point_policy, points, purchases
from segments.codes import as_typed
from segments.errors import Conflict, Invalid, NotFound
from segments.models import Coupon, CouponGrant, PointEntry, Product, Purchase
from segments.orders import MAX_QUANTITY, MAX_YEN, NewItem, NewPurchase, shares

UNDO_WITHIN = timedelta(minutes=15)
ORDER = "till-"
BACK = "till-back-"
_KEY = re.compile(r"[A-Za-z0-9_-]{8,40}")


@dataclass(frozen=True)
class NewSale:
    """What staff rang up; `key` is the page's own, so that a second tap is the same sale."""

    key: str
    friend_id: int | None = None
    member_number: str | None = None
    """Of somebody who is not on LINE yet."""
    items: tuple[tuple[int, int], ...] = ()
    """Products by id, with how many."""
    other_yen: int = 0
    """What was sold besides, without a product."""
    coupon: str = ""
    points: int = 0

    @property
    def order_id(self) -> str:
        """The id under which it is stored."""
        return ORDER + self.key


@dataclass(frozen=True)
class BillLine:
    """One product of a sale."""

    product: Product
    quantity: int

    @property
    def yen(self) -> int:
        """What it costs, tax included."""
        return self.product.price_yen * self.quantity


@dataclass(frozen=True)
class Bill:
    """What is to be paid, in yen with tax."""

    lines: tuple[BillLine, ...]
    other_yen: int
    coupon_yen: int
    points_yen: int

    @property
    def total(self) -> int:
        """Before coupon and points."""
        return sum(line.yen for line in self.lines) + self.other_yen

    @property
    def due(self) -> int:
        """What the customer pays."""
        return self.total - self.coupon_yen - self.points_yen


@dataclass(frozen=True)
class Sale:
    """A sale as it is stored."""

    purchase: Purchase
    created: bool
    """Whether this call stored it."""


def bill(session: Session, sale: NewSale, now: datetime) -> Bill:
    """Return what is to be paid.

    Raises Invalid (sale_empty, amount_too_large, quantity_out_of_range, points_too_many with most, coupon_expired),
    NotFound (product_unknown, coupon_unknown) or Conflict (coupon_redeemed, coupon_of_another, points_insufficient).
    """
    lines = _lines(session, sale)
    if not 0 <= sale.other_yen <= MAX_YEN:
        raise Invalid("amount_too_large", given=sale.other_yen, limit=MAX_YEN)
    total = sum(line.yen for line in lines) + sale.other_yen
    if not lines and not sale.other_yen:
        raise Invalid("sale_empty")
    if total > MAX_YEN:
        raise Invalid("amount_too_large", given=total, limit=MAX_YEN)
    coupon_yen = min(_coupon_yen(session, sale, now), total)
    return Bill(lines, sale.other_yen, coupon_yen, _points_yen(session, sale, total - coupon_yen, now))


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


def _lines(session: Session, sale: NewSale) -> tuple[BillLine, ...]:
    wanted: Mapping[int, int] = dict(sale.items)
    found = {each.id: each for each in session.scalars(select(Product).where(Product.id.in_(wanted)))}
    if missing := wanted.keys() - found.keys():
        raise NotFound("product_unknown", product_code=min(missing))
    for quantity in wanted.values():
        if not 1 <= quantity <= MAX_QUANTITY:
            raise Invalid("quantity_out_of_range", given=quantity, limit=MAX_QUANTITY)
    return tuple(BillLine(found[key], quantity) for key, quantity in wanted.items())


def _coupon_yen(session: Session, sale: NewSale, now: datetime) -> int:
    if not sale.coupon:
        return 0
    query = (
        select(CouponGrant, Coupon.discount_yen)
        .join(Coupon, Coupon.id == CouponGrant.coupon_id)
        .where(CouponGrant.code == as_typed(sale.coupon))
    )
    row: Any = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("coupon_unknown", code=as_typed(sale.coupon))
    grant, yen = row
    if grant.friend_id != sale.friend_id:
        raise Conflict("coupon_of_another")
    if grant.redeemed_at is not None:
        raise Conflict("coupon_redeemed", at=grant.redeemed_at, by=grant.redeemed_by)
    if grant.expires_at <= now:
        raise Invalid("coupon_expired", at=grant.expires_at)
    return yen


def _points_yen(session: Session, sale: NewSale, payable: int, now: datetime) -> int:
    if not sale.points:
        return 0
    worth = point_policy.in_force(session).point_yen
    balance = points.statement(session, sale.friend_id, now).balance if sale.friend_id is not None else 0
    if sale.points < 0 or sale.points > balance:
        raise Conflict("points_insufficient", balance=balance, asked=sale.points)
    # No change is given on points.
    most = payable // worth if worth else 0
    if sale.points > most:
        raise Invalid("points_too_many", most=most)
    return sale.points * worth


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

"""What is to be paid at the till: what was rung up, less a coupon and points."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import point_policy, points
from segments.codes import as_typed
from segments.errors import Conflict, Invalid, NotFound
from segments.models import Coupon, CouponGrant, Product
from segments.orders import MAX_QUANTITY, MAX_YEN

ORDER = "till-"


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

"""What the till sold: one operator's sales of today, and one sale in full."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import points, shop, till_sales
from segments.local_times import start_of
from segments.models import Coupon, CouponGrant, Friend, Product, Purchase

TODAY = 50


@dataclass(frozen=True)
class SaleRow:
    """One sale of today."""

    order_id: str
    at: datetime
    name: str
    yen: int
    is_undone: bool
    can_undo: bool


@dataclass(frozen=True)
class Receipt:
    """One sale in full, as it is told after it was recorded."""

    row: SaleRow
    items: Sequence[tuple[str, int]]
    used_points: int
    earned_points: int
    balance: int | None
    coupon: str
    coupon_en: str


def today(session: Session, source: str, now: datetime) -> list[SaleRow]:
    """Return what one operator sold today, the latest first."""
    own = shop.load(session)
    query = (
        select(Purchase, Friend.display_name)
        .outerjoin(Friend, Friend.id == Purchase.friend_id)
        .where(Purchase.bought_at >= start_of(own.today(now), own.zone), Purchase.source == source)
        .order_by(Purchase.bought_at.desc(), Purchase.id.desc())
        .limit(TODAY)
    )
    return [_row(sale, name, now) for sale, name in session.execute(query)]


def _row(sale: Purchase, name: str | None, now: datetime) -> SaleRow:
    return SaleRow(
        sale.order_id,
        sale.bought_at,
        name or sale.member_number or "",
        sale.amount_yen,
        sale.refunded_at is not None,
        till_sales.can_undo(sale, now),
    )


def receipt(session: Session, order_id: str, source: str, now: datetime) -> Receipt | None:
    """Return one sale of an operator's own; None when there is none."""
    query = select(Purchase).where(Purchase.order_id == order_id, Purchase.source == source)
    sale = session.scalar(query)
    if sale is None:
        return None
    friend = session.get(Friend, sale.friend_id) if sale.friend_id else None
    title, title_en = _coupon_of(session, sale)
    known = points.statement(session, friend.id, now) if friend else None
    return Receipt(
        _row(sale, friend.display_name if friend else None, now),
        _goods_of(session, sale),
        till_sales.used_points(session, order_id),
        till_sales.earned(session, sale.id),
        known.balance if known and known.is_kept else None,
        title,
        title_en,
    )


def _goods_of(session: Session, sale: Purchase) -> list[tuple[str, int]]:
    products = select(Product).where(Product.id.in_([item.product_id for item in sale.items]))
    names = {each.id: each.name for each in session.scalars(products)}
    return [(names[item.product_id], item.quantity) for item in sale.items]


def _coupon_of(session: Session, sale: Purchase) -> tuple[str, str]:
    used = (
        select(Coupon.title, Coupon.title_en)
        .join(CouponGrant, CouponGrant.coupon_id == Coupon.id)
        .where(CouponGrant.purchase_id == sale.id)
    )
    found = session.execute(used).first()
    return (found.title, found.title_en) if found else ("", "")

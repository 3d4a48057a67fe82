"""What sold best in a period: products and categories by quantity, yen or buyers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, select
from sqlalchemy.orm import Session

from segments.models import Product, Purchase, PurchaseItem
from segments.purchase_history import counts

LIMIT = 20
SCANNED = 8
"""A period with more than one in so many of all purchases is read by walking through the table."""


class Measure(StrEnum):
    """What "best" is measured by."""

    QUANTITY = "quantity"
    YEN = "yen"
    BUYERS = "buyers"


@dataclass(frozen=True, slots=True)
class Sold:
    """How much was sold: pieces, yen kept after refunds, and different friends who bought.

    Purchases of members who are not linked to a friend yet add to pieces and yen alone.
    """

    quantity: int
    yen: int
    buyers: int


@dataclass(frozen=True, slots=True)
class SoldProduct(Sold):
    """A product and how much of it was sold."""

    product_id: int
    code: str
    name: str
    name_en: str
    category: str


@dataclass(frozen=True, slots=True)
class SoldCategory(Sold):
    """A category and how much of it was sold; products without one stand under ""."""

    category: str


def best_sellers(
    session: Session,
    since: datetime | None,
    until: datetime | None,
    by: Measure = Measure.QUANTITY,
    limit: int = LIMIT,
    category: str | None = None,
) -> list[SoldProduct]:
    """Return what sold best from `since` up to but not at `until`; None leaves that side open.

    Of equals the one with more yen comes first, then the one with the smaller code.
    """
    sums = _sums()
    # Not the bare column: SQLite would walk its index, and jump about in purchases for every line.
    product = (PurchaseItem.product_id + 0).label("product_id")
    lines = (
        select(product, *sums.values())
        .join(Purchase, Purchase.id == PurchaseItem.purchase_id)
        .where(counts(), *_period(session, since, until))
        .group_by(product)
    )
    if category is not None:
        of_category = select(Product.id).where(Product.category == category)
        lines = lines.where(PurchaseItem.product_id.in_(of_category))
    sold = lines.subquery()
    rows = session.execute(
        select(Product.id, Product.code, Product.name, Product.name_en, Product.category)
        .add_columns(sold.c.quantity, sold.c.yen, sold.c.buyers)
        .join(sold, sold.c.product_id == Product.id)
        .order_by(sold.c[by.value].desc(), sold.c.yen.desc(), Product.code)
        .limit(limit)
    )
    return [
        SoldProduct(
            product_id=row.id,
            code=row.code,
            name=row.name,
            name_en=row.name_en,
            category=row.category,
            quantity=row.quantity,
            yen=row.yen,
            buyers=row.buyers,
        )
        for row in rows
    ]


def best_categories(
    session: Session,
    since: datetime | None,
    until: datetime | None,
    by: Measure = Measure.QUANTITY,
    limit: int = LIMIT,
) -> list[SoldCategory]:
    """Return the categories that sold best, as `best_sellers` does."""
    sums = _sums()
    rows = session.execute(
        select(Product.category, *sums.values())
        .select_from(Purchase)
        .join(PurchaseItem, PurchaseItem.purchase_id == Purchase.id)
        .join(Product, Product.id == PurchaseItem.product_id + 0)  # not the bare column, as above
        .where(counts(), *_period(session, since, until))
        .group_by(Product.category)
        .order_by(sums[by].desc(), sums[Measure.YEN].desc(), Product.category)
        .limit(limit)
    )
    return [SoldCategory(row.quantity, row.yen, row.buyers, row.category) for row in rows]


def within(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """Return the conditions that a purchase was made from `since` up to but not at `until`."""
    early = [] if since is None else [Purchase.bought_at >= since]
    return early if until is None else [*early, Purchase.bought_at < until]


def kept_yen() -> ColumnElement[int]:
    """Return what was kept of a line: a partial refund is spread over the lines, as purchase_history does."""
    kept = Purchase.amount_yen - Purchase.refunded_yen
    # Typed as whole numbers throughout: otherwise SQLite would call a FLOOR written in Python for every line.
    share = cast(PurchaseItem.amount_yen, BigInteger) * kept // Purchase.amount_yen
    return case((Purchase.amount_yen > 0, share), else_=0)


def _period(session: Session, since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """Return the conditions of a period, kept from the index of dates when they hold for much of the table."""
    conditions = within(since, until)
    if not conditions:
        return []
    inside = session.scalar(select(func.count()).select_from(Purchase).where(*conditions)) or 0
    whole = session.scalar(select(func.max(Purchase.id))) or 0
    if inside * SCANNED < whole:
        return conditions
    # SQLite would follow its index to every one of these rows; reading them as they lie takes half the time.
    return [case((condition, 1), else_=0) == 1 for condition in conditions]


def _sums() -> dict[Measure, Any]:
    yen = func.coalesce(func.sum(kept_yen()), 0)
    return {
        Measure.QUANTITY: cast(func.sum(PurchaseItem.quantity), BigInteger).label("quantity"),
        Measure.YEN: cast(yen, BigInteger).label("yen"),
        Measure.BUYERS: func.count(Purchase.friend_id.distinct()).label("buyers"),
    }

"""What the shop sells: looked up by code, put in by imports and the console."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from segments import facts
from segments.errors import Invalid, KokyakuError
from segments.models import Product, ProductKind, Purchase, PurchaseItem
from segments.upsert import insert_ignore

_LEARN_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product as it is told: None leaves what is stored. Prices are yen, tax included."""

    code: str
    name: str | None = None
    name_en: str | None = None
    category: str | None = None
    price_yen: int | None = None
    kind: ProductKind | None = None
    image_url: str | None = None
    page_url: str | None = None
    available: bool | None = None


class Put(StrEnum):
    """What putting a product did."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


def by_code(session: Session, code: str) -> Product | None:
    """Return the product with this code."""
    return session.scalar(select(Product).where(Product.code == code))


def put(session: Session, new: NewProduct, now: datetime) -> Put:
    """Create or change one product; raise Invalid (product_incomplete) when a new one lacks name or price."""
    result = put_many(session, [new], now)[0]
    if isinstance(result, KokyakuError):
        raise result
    return result


def put_many(session: Session, news: Sequence[NewProduct], now: datetime) -> list[Put | KokyakuError]:
    """Create or change products of distinct codes; return for each what came of it.

    A product that becomes a trial one, or ceases to be, makes its past orders trial orders or not.
    """
    codes = [new.code for new in news]
    known = {
        product.code: product for product in session.scalars(select(Product).where(Product.code.in_(codes)))
    }
    created = [new for new in news if new.code not in known and _is_whole(new)]
    create_missing(session, created, now)
    results: list[Put | KokyakuError] = []
    turned: list[int] = []
    for new in news:
        product = known.get(new.code)
        if product is None:
            results.append(
                Put.CREATED if _is_whole(new) else Invalid("product_incomplete", product_code=new.code)
            )
            continue
        was_trial = product.kind == ProductKind.TRIAL
        results.append(_change(product, new))
        if was_trial != (product.kind == ProductKind.TRIAL):
            turned.append(product.id)
    session.flush()
    _judge_orders_again(session, turned, now)
    return results


def create_missing(session: Session, news: Sequence[NewProduct], now: datetime) -> int:
    """Create those products whose code nobody knows yet; return how many."""
    return insert_ignore(session, Product, [_row(new, now) for new in news])


def _is_whole(new: NewProduct) -> bool:
    return bool(new.name) and new.price_yen is not None


def _row(new: NewProduct, now: datetime) -> dict[str, Any]:
    return {
        "code": new.code,
        "name": new.name or new.code,
        "name_en": new.name_en or "",
        "category": new.category or "",
        "price_yen": new.price_yen or 0,
        "kind": new.kind or ProductKind.REGULAR,
        "image_url": new.image_url,
        "page_url": new.page_url,
        "available": new.available is not False,
        "created_at": now,
    }


def _change(product: Product, new: NewProduct) -> Put:
    told = {field.name: getattr(new, field.name) for field in fields(new) if field.name != "code"}
    changes = {
        name: value for name, value in told.items() if value is not None and getattr(product, name) != value
    }
    for name, value in changes.items():
        setattr(product, name, value)
    return Put.CHANGED if changes else Put.UNCHANGED


def _judge_orders_again(session: Session, product_ids: Sequence[int], now: datetime) -> None:
    """Set is_trial of the orders that hold these products, and learn what that means for their friends."""
    if not product_ids:
        return
    holds = exists().where(PurchaseItem.purchase_id == Purchase.id, PurchaseItem.product_id.in_(product_ids))
    other = (
        select(PurchaseItem.id)
        .join(Product, Product.id == PurchaseItem.product_id)
        .where(PurchaseItem.purchase_id == Purchase.id, Product.kind != ProductKind.TRIAL)
        .exists()
    )
    # execution option: no Purchase object of this session needs to follow.
    statement = update(Purchase).where(holds).values(is_trial=~other).returning(Purchase.friend_id)
    touched = session.scalars(statement.execution_options(synchronize_session=False)).all()
    friend_ids = sorted({friend_id for friend_id in touched if friend_id is not None})
    for start in range(0, len(friend_ids), _LEARN_AT_ONCE):
        facts.learn_purchases_many(session, friend_ids[start : start + _LEARN_AT_ONCE], now)

"""What the shop sells: looked up by code, put in by imports and the console."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import product_upgrades, watching
from segments.errors import Invalid, KokyakuError
from segments.models import Product, ProductKind
from segments.product_changes import judge_orders_again, look_at_buyers_again
from segments.upsert import insert_ignore

REGROUPING = {"category", "settling_count", "upgrade_of_id", "subscription_days"}
"""Columns that facts and cycles of the buyers are made from, besides the kind."""


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
    settling_count: int | None = None
    """Purchases of it after which the habit holds; 0 takes the shop's own number again."""
    upgrade_of: str | None = None
    """Code of the product whose better version it is; "" says of none."""
    subscription_days: int | None = None
    """Days between deliveries of a subscription; 0 says it is sold one by one."""


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

    A product that becomes a trial one, or ceases to be, makes its past orders trial orders or not. What that, or
    its category, tells about its buyers is learned by the next reviews, some friends at a time.
    Refusals: product_incomplete, and those of product_upgrades.
    """
    known = _known(session, [new.code for new in news])
    refused = _refusals(session, news, known)
    taken = [new for new in news if new.code not in refused]
    fresh = [new for new in taken if new.code not in known]
    create_missing(session, fresh, now)
    lesser = product_upgrades.ids(session, taken)
    changed = {new.code: _change(known[new.code], new, lesser) for new in taken if new.code in known}
    better = [new for new in fresh if new.upgrade_of]
    for code, product in _known(session, [new.code for new in better]).items():
        product.upgrade_of_id = lesser[next(new.upgrade_of or "" for new in better if new.code == code)]
    session.flush()
    judge_orders_again(session, [known[code].id for code, names in changed.items() if "trial" in names], now)
    look_at_buyers_again(
        session, [known[code].id for code, names in changed.items() if names & REGROUPING], now
    )
    if any("category" in names for names in changed.values()):
        watching.compare_anew(session, watching.reads_products, now)
    done = {code: Put.CHANGED if names else Put.UNCHANGED for code, names in changed.items()}
    return [refused.get(new.code) or done.get(new.code, Put.CREATED) for new in news]


def create_missing(session: Session, news: Sequence[NewProduct], now: datetime) -> int:
    """Create those products whose code nobody knows yet; return how many."""
    return insert_ignore(session, Product, [_row(new, now) for new in news])


def _known(session: Session, codes: Sequence[str]) -> dict[str, Product]:
    found = session.scalars(select(Product).where(Product.code.in_(codes))) if codes else ()
    return {product.code: product for product in found}


def _refusals(
    session: Session, news: Sequence[NewProduct], known: Mapping[str, Product]
) -> dict[str, KokyakuError]:
    incomplete: dict[str, KokyakuError] = {
        new.code: Invalid("product_incomplete", product_code=new.code)
        for new in news
        if new.code not in known and not _is_whole(new)
    }
    rest = [new for new in news if new.code not in incomplete]
    return incomplete | product_upgrades.problems(session, rest, {new.code for new in rest} - known.keys())


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
        "settling_count": new.settling_count or None,
        "subscription_days": new.subscription_days or None,
        "created_at": now,
    }


def _change(product: Product, new: NewProduct, lesser: Mapping[str, int]) -> set[str]:
    """Change what is told otherwise than stored; return the names of it, and "trial" when it turned into one or back."""
    was_trial = product.kind is ProductKind.TRIAL
    changes = {name: value for name, value in _told(new, lesser).items() if getattr(product, name) != value}
    for name, value in changes.items():
        setattr(product, name, value)
    return changes.keys() | ({"trial"} if was_trial != (product.kind is ProductKind.TRIAL) else set())


def _told(new: NewProduct, lesser: Mapping[str, int]) -> dict[str, Any]:
    """Return what is told, by column."""
    told = {
        each.name: getattr(new, each.name) for each in fields(new) if each.name not in ("code", "upgrade_of")
    }
    told = {name: value for name, value in told.items() if value is not None}
    told |= {name: told[name] or None for name in ("settling_count", "subscription_days") if name in told}
    return told if new.upgrade_of is None else told | {"upgrade_of_id": lesser.get(new.upgrade_of)}

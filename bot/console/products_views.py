"""What the pages of products show: the list with how many were sold, and where a category is named."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from scheduler.models import Scenario, Step
from segments import next_products, sales_figures
from segments.models import Product, Segment

PAGE = 50


@dataclass(frozen=True)
class Wanted:
    """What is looked for."""

    words: str = ""
    category: str = ""
    status: str = "on"
    """`on` for what is sold, `off` for what is not any more, `all`."""
    after: str = ""
    """Code of the last product of the page before."""


@dataclass(frozen=True)
class Page:
    """One page of the list."""

    rows: Sequence[tuple[Product, int]]
    """Products, each with how many were sold."""
    sold_at: datetime | None
    """As of when they were counted; None for now."""
    next_code: str | None
    is_empty_shop: bool


def page(session: Session, wanted: Wanted) -> Page:
    """Return the products looked for, by code."""
    query = select(Product).order_by(Product.code)
    if wanted.words:
        columns = Product.code, Product.name, Product.name_en
        query = query.where(or_(*(column.icontains(wanted.words, autoescape=True) for column in columns)))
    if wanted.category:
        query = query.where(Product.category == wanted.category)
    if wanted.status in ("on", "off"):
        query = query.where(Product.available.is_(wanted.status == "on"))
    found = session.scalars(query.where(Product.code > wanted.after).limit(PAGE + 1)).all()
    rows = found[:PAGE]
    sold, at = sales_figures.sold_of(session, [each.id for each in rows])
    return Page(
        [(each, sold.get(each.id, 0)) for each in rows],
        at,
        rows[-1].code if len(found) > PAGE else None,
        not rows and session.scalar(select(func.count()).select_from(Product)) == 0,
    )


@dataclass(frozen=True)
class Details:
    """One product with what is known of its sales."""

    product: Product
    upgrade_of: str
    sold: int
    sold_at: datetime | None
    followers: Sequence[next_products.Follower]


def details(session: Session, product_id: int) -> Details | None:
    """Return one product; None when there is none."""
    product = session.get(Product, product_id)
    if product is None:
        return None
    lesser = session.get(Product, product.upgrade_of_id) if product.upgrade_of_id else None
    sold, at = sales_figures.sold_of(session, [product_id])
    followers = next_products.follows(session, product_id, 5)
    return Details(product, lesser.code if lesser else "", sold.get(product_id, 0), at, followers)


def category_names(session: Session) -> list[str]:
    """Return every category, by name."""
    query = select(Product.category).where(Product.category != "").distinct().order_by(Product.category)
    return list(session.scalars(query))


@dataclass(frozen=True)
class Named:
    """What names a category in a condition."""

    kind: str
    """`segment` or `scenario`."""
    id: int
    name: str


def naming(session: Session, category: str) -> list[Named]:
    """Return the segments and scenarios whose conditions name a category."""
    asked = (
        ("segment", select(Segment.id, Segment.name, Segment.condition)),
        ("scenario", select(Scenario.id, Scenario.name, Scenario.condition)),
        ("scenario", select(Scenario.id, Scenario.name, Step.condition).join(Step)),
    )
    found = [
        Named(kind, key, name)
        for kind, query in asked
        for key, name, condition in session.execute(query)
        if _names(condition, category)
    ]
    return list(dict.fromkeys(found))


def _names(part: object, category: str) -> bool:
    if isinstance(part, dict):
        held = cast("dict[str, Any]", part)
        if held.get("category") == category or category in (held.get("categories") or ()):
            return True
        return any(_names(each, category) for each in held.values())
    return isinstance(part, list) and any(_names(each, category) for each in cast("list[Any]", part))


KIND_WORDS = {"regular": "通常", "trial": "お試し", "premium": "プレミアム"}


def everything(session: Session) -> Iterator[Sequence[Any]]:
    """Give every product as a line of a file that can be imported again."""
    codes = dict(session.execute(select(Product.id, Product.code)).all())
    for each in session.scalars(select(Product).order_by(Product.code)):
        yield (
            *(each.code, each.name, each.name_en, each.category, each.price_yen, KIND_WORDS[each.kind.value]),
            *(each.image_url, each.page_url, "はい" if each.available else "いいえ"),
            *(each.settling_count, codes.get(each.upgrade_of_id or 0), each.subscription_days),
        )

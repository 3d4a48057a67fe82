"""Categories of products as a whole: how many products and buyers each has, and its renaming."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from segments import watching
from segments.errors import Invalid, NotFound
from segments.models import Product
from segments.product_changes import look_at_buyers_again

LONGEST = 64


@dataclass(frozen=True, slots=True)
class Category:
    """One category."""

    name: str
    products: int
    on_sale: int


def all_of(session: Session) -> list[Category]:
    """Return the categories by name; products without one are not in it."""
    on_sale = func.sum(case((Product.available, 1), else_=0))
    query = (
        select(Product.category, func.count(), on_sale)
        .where(Product.category != "")
        .group_by(Product.category)
        .order_by(Product.category)
    )
    return [Category(name, products, int(count)) for name, products, count in session.execute(query)]


def rename(session: Session, old: str, new: str, now: datetime) -> int:
    """Give the products of a category another one's name, a known or a new one; return how many there are.

    Raises NotFound (category_unknown) or Invalid (category_invalid). What the categories of the buyers' cycles are
    called is learned by the next reviews, some friends at a time.
    """
    wanted = " ".join(new.split())
    if not wanted or len(wanted) > LONGEST:
        raise Invalid("category_invalid", limit=LONGEST)
    ids = session.scalars(select(Product.id).where(Product.category == old)).all()
    if not old or not ids:
        raise NotFound("category_unknown", name=old)
    if wanted == old:
        return 0
    session.execute(update(Product).where(Product.category == old).values(category=wanted))
    look_at_buyers_again(session, ids, now)
    watching.compare_anew(session, watching.reads_products, now)
    return len(ids)

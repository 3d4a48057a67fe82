"""Checks that everything a condition names still exists: a deleted tag must be noticed, not match nobody."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from segments import condition_leaves as leaf
from segments.conditions import Condition, leaves
from segments.coupons import READY
from segments.errors import Invalid
from segments.models import Audience, Coupon, Product, Tag


def check(session: Session, condition: Condition) -> None:
    """Raise Invalid, with the names in `missing`, for what is no longer there.

    Codes: condition_tag_missing, condition_product_missing, condition_category_missing, condition_coupon_missing,
    condition_audience_missing.
    """
    parts = list(leaves(condition))
    bought = [one for one in parts if isinstance(one, leaf.Bought)]
    cycles = [one for one in parts if isinstance(one, leaf.InCycle | leaf.DueWithin)]
    tags = (name for one in parts if isinstance(one, leaf.Tagged) for name in one.names)
    keys = {key for one in parts if isinstance(one, leaf.HasCoupon) for key in one.keys}
    audiences = (one.audience_id for one in parts if isinstance(one, leaf.InAudience))
    _need(session, "tag", Tag.name, tags)
    _need(session, "product", Product.code, (code for one in bought for code in one.products))
    _need(session, "category", Product.category, _categories(bought, cycles))
    _need(session, "coupon", Coupon.key, keys - READY.keys())
    _need(session, "audience", Audience.id, audiences)


def _categories(
    bought: Iterable[leaf.Bought], cycles: Iterable[leaf.InCycle | leaf.DueWithin]
) -> Iterable[str]:
    yield from (name for one in bought for name in one.categories)
    yield from (one.category for one in cycles if one.category)


def _need(session: Session, what: str, column: InstrumentedAttribute[Any], names: Iterable[Any]) -> None:
    wanted = set(names)
    if not wanted:
        return
    missing = wanted - set(session.scalars(select(column).where(column.in_(wanted)).distinct()))
    if missing:
        raise Invalid(f"condition_{what}_missing", missing=sorted(missing))

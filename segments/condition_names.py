"""Checks that everything a condition names still exists: a deleted tag must be noticed, not match nobody."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from segments.conditions import Condition, InSegment, parse, walk
from segments.coupons import READY
from segments.errors import Invalid
from segments.leaves.node import Leaf, Named
from segments.models import Audience, Coupon, Link, Product, Segment, Tag

COLUMNS: Mapping[str, InstrumentedAttribute[Any]] = {
    "tag": Tag.name,
    "product": Product.code,
    "category": Product.category,
    "coupon": Coupon.key,
    "link": Link.name,
    "audience": Audience.id,
    "segment": Segment.id,
}
"""Where the names of each kind are kept. Routes, questions and own fields are in no table: they cannot be deleted."""
_TOGETHER = 1000
"""Names asked for at once."""


def check(session: Session, condition: Condition) -> None:
    """Raise Invalid, with the names in `missing`, for what is no longer there.

    Codes: condition_tag_missing, condition_product_missing, condition_category_missing, condition_coupon_missing,
    condition_link_missing, condition_audience_missing, condition_segment_missing.
    """
    gone = missing(session, condition)
    if gone:
        kind = gone[0].kind
        raise Invalid(f"condition_{kind}_missing", missing=[each.key for each in gone if each.kind == kind])


def missing(session: Session, condition: Condition) -> list[Named]:
    """Return everything a condition names, itself or in a segment it names, that is no longer there, kind by kind."""
    named = _named(session, condition)
    return [
        Named(kind, key) for kind in COLUMNS for key in sorted(_gone(session, kind, named.get(kind, set())))
    ]


def _gone(session: Session, kind: str, keys: set[Any]) -> set[Any]:
    wanted = keys - READY.keys() if kind == "coupon" else keys
    if not wanted:
        return set()
    column, there = COLUMNS[kind], set[Any]()
    # A statement takes only so many values: 65,535 on PostgreSQL, 32,766 on SQLite as it is commonly built.
    in_order = sorted(wanted)
    for start in range(0, len(in_order), _TOGETHER):
        some = in_order[start : start + _TOGETHER]
        there.update(session.scalars(select(column).where(column.in_(some)).distinct()))
    return wanted - there


def _named(session: Session, condition: Condition) -> dict[str, set[Any]]:
    named = defaultdict[str, set[Any]](set)
    wanted = _collect(condition, named)
    read: set[int] = set()
    while wanted - read:
        rows = session.scalars(select(Segment.condition).where(Segment.id.in_(wanted - read))).all()
        read |= wanted
        wanted = {id_ for data in rows for id_ in _collect(parse(data), named)}
    return named


def _collect(condition: Condition, named: dict[str, set[Any]]) -> set[int]:
    """Take down what a condition names itself; return the segments among it."""
    segments: set[int] = set()
    for kind, key in _names(condition):
        named[kind].add(key)
        if kind == "segment":
            segments.add(key)
    return segments


def _names(condition: Condition) -> Iterator[Named]:
    for part in walk(condition):
        if isinstance(part, InSegment):
            yield Named("segment", part.segment_id)
        elif isinstance(part, Leaf):
            yield from part.named()

"""Reads what stands outside of a condition but decides what it means: saved segments, RFM cuts, frozen lists, names."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import rfm
from segments.condition_leaves import InAudience
from segments.conditions import MOST, MOST_NAMES, Condition, InSegment, leaves, names, parse, walk
from segments.errors import Invalid
from segments.leaves.context import Known
from segments.leaves.node import Leaf
from segments.models import Audience, Coupon, Product, Segment
from segments.rfm_cuts import RfmPolicy


def load(session: Session, condition: Condition) -> Known:
    """Return what a condition needs to be understood; no query for one that needs nothing.

    Raises Invalid("condition_segment_circle", names=…) for segments that name each other in a circle, and
    condition_too_large or condition_too_many_names. A segment that is gone is left out: condition_names.missing tells of it.
    """
    segments = _segments(session, condition)
    parts = [leaf for each in (condition, *segments.values()) for leaf in leaves(each)]
    if _total(condition, segments, lambda part: sum(1 for _ in leaves(part))) > MOST:
        raise Invalid("condition_too_large", most=MOST)
    if _total(condition, segments, names) > MOST_NAMES:
        raise Invalid("condition_too_many_names", most=MOST_NAMES)
    reads_rfm = any(each.reads_rfm for each in parts)
    asked = {each.audience_id for each in parts if isinstance(each, InAudience) and each.reacted is not None}
    return Known(
        rfm=rfm.load(session) if reads_rfm else RfmPolicy(),
        segments=segments,
        frozen=_frozen(session, asked) if asked else {},
    )


def with_names(session: Session, condition: Condition, known: Known) -> Known:
    """Return the same with what people call the goods, coupons and segments that are named."""
    parts = [part for each in (condition, *known.segments.values()) for part in walk(each)]
    wanted = {named for part in parts if isinstance(part, Leaf) for named in part.named()}
    names: dict[tuple[str, object], str] = {}
    for kind, key, title in (("product", Product.code, Product.name), ("coupon", Coupon.key, Coupon.title)):
        keys = [named.key for named in wanted if named.kind == kind]
        if keys:
            rows = session.execute(select(key, title).where(key.in_(keys)))
            names |= {(kind, each): name for each, name in rows if name}
    if known.segments:
        titles = session.execute(select(Segment.id, Segment.name).where(Segment.id.in_(known.segments)))
        names |= {("segment", id_): name for id_, name in titles}
    return replace(known, names=names)


def refuse_circle(session: Session, segment_id: int, name: str, condition: Condition) -> None:
    """Raise Invalid("condition_segment_circle", names=…) if this segment with this condition would contain itself."""
    _segments(session, condition, {segment_id: (name, condition)})


def named_segments(condition: Condition) -> set[int]:
    """Return the ids of the segments a condition names itself."""
    return {each.segment_id for each in walk(condition) if isinstance(each, InSegment)}


def segments_in(data: Any) -> set[int]:
    """Return the ids of the segments a stored condition names; none when this program does not understand it."""
    try:
        return named_segments(parse(data))
    except Invalid:
        return set()  # written by a newer program: it is told when somebody opens it


def _segments(
    session: Session, condition: Condition, given: Mapping[int, tuple[str, Condition]] = MappingProxyType({})
) -> dict[int, Condition]:
    found: dict[int, Condition] = {id_: inner for id_, (_, inner) in given.items()}
    titles: dict[int, str] = {id_: name for id_, (name, _) in given.items()}
    wanted = named_segments(condition) - found.keys()
    while wanted:
        rows = session.execute(
            select(Segment.id, Segment.name, Segment.condition).where(Segment.id.in_(wanted))
        )
        fresh = {id_: (name, parse(data)) for id_, name, data in rows}
        titles |= {id_: name for id_, (name, _) in fresh.items()}
        found |= {id_: inner for id_, (_, inner) in fresh.items()}
        if len(found) > MOST:
            raise Invalid("condition_too_large", most=MOST)
        wanted = {id_ for _, inner in fresh.values() for id_ in named_segments(inner)} - found.keys()
    _refuse_circles(found, titles)
    return found


def _refuse_circles(found: Mapping[int, Condition], titles: Mapping[int, str]) -> None:
    names = {id_: sorted(named_segments(inner) & found.keys()) for id_, inner in found.items()}
    try:
        TopologicalSorter(names).prepare()
    except CycleError as error:
        circle: list[int] = error.args[1]
        raise Invalid("condition_segment_circle", names=[titles[each] for each in circle]) from error


def _total(
    condition: Condition, segments: Mapping[int, Condition], measure: Callable[[Condition], int]
) -> int:
    """Return what a condition measures once every named segment stands in its place."""
    sizes: dict[int, int] = {}

    def size(part: Condition) -> int:
        inside = [each for each in named_segments(part) if each in segments]
        for each in inside:
            if each not in sizes:
                sizes[each] = size(segments[each])
        uses = Counter(each.segment_id for each in walk(part) if isinstance(each, InSegment))
        return measure(part) + sum(uses[each] * sizes[each] for each in inside)

    return size(condition)


def _frozen(session: Session, audience_ids: set[int]) -> dict[int, datetime]:
    rows = select(Audience.id, Audience.created_at).where(Audience.id.in_(audience_ids))
    return dict(session.execute(rows).all())

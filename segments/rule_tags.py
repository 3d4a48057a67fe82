"""Tags that follow a segment: put on whoever enters it, taken off whoever leaves it."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, insert, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from segments import condition_known, conditions, tag_rows, tags, touching, watching
from segments.db import UtcDateTime
from segments.errors import Conflict, Invalid, NotFound
from segments.models import FriendTag, Segment, SegmentMember, Tag


def set_rule(session: Session, tag_name: str, segment_id: int, now: datetime) -> Tag:
    """Have a tag follow a segment from now on; who is in it already is tagged by the tick, range by range, unannounced.

    A tag somebody put on by hand stays on when its friend leaves the segment. Raises NotFound
    (segment_unknown), Invalid (tag_invalid; tag_rule_circular with the tags of the circle in `path`) or Conflict
    (segment_has_tag: a segment leads one tag).
    """
    segment = watching.watch(session, segment_id, now)
    tag = tags.ensure(session, tag_name, now)
    if tag.segment_id == segment_id:
        return tag
    taken = session.scalar(select(Tag.name).where(Tag.segment_id == segment_id))
    if taken is not None:
        raise Conflict("segment_has_tag", segment=segment.name, tag=taken)
    _refuse_circle(session, tag.name, segment.condition, _rules(session))
    tag.segment_id = segment_id
    watching.start_over(segment, now)
    session.flush()
    return tag


def drop_rule(session: Session, tag_name: str) -> bool:
    """Have a tag follow no segment any more; tell whether it did. Who carries it keeps it, until it is taken off by hand.

    Raises NotFound("tag_unknown").
    """
    tag = tags.find(session, tag_name)
    if tag is None:
        raise NotFound("tag_unknown", name=tag_name)
    followed = tag.segment_id is not None
    tag.segment_id = None
    session.flush()
    return followed


def refuse_circles(session: Session) -> None:
    """Raise Invalid (tag_rule_circular) if, as segments now stand, a tag's rule asks for that very tag.

    To be called after a segment was edited, in its transaction.
    """
    rules = _rules(session)
    for name, condition in rules.items():
        _refuse_circle(session, name, condition, rules)


def led_by(session: Session, segment_ids: Iterable[int]) -> dict[int, Tag]:
    """Return the tag that follows each of the segments which lead one."""
    found = session.scalars(select(Tag).where(Tag.segment_id.in_(list(segment_ids))))
    return {tag.segment_id: tag for tag in found if tag.segment_id is not None}


def follow(
    session: Session,
    tag: Tag,
    entered: Collection[int],
    left: Collection[int],
    now: datetime,
    *,
    announce: bool,
) -> None:
    """Put a tag on those who entered its segment; take it off those who left, where the rule had put it on."""
    keys = [(friend_id, tag.id) for friend_id in entered]
    tag_rows.put(session, keys, {tag.id: tag.name}, now, tag_rows.RULE, announce=announce)
    if left:
        _take_off(session, tag, FriendTag.friend_id.in_(left))


def follow_range(session: Session, tag: Tag, after: int, upto: int, now: datetime) -> None:
    """Make the tag true for friends with ids above `after` and up to `upto`, in two statements and without news."""

    def inside(column: InstrumentedAttribute[int]) -> ColumnElement[bool]:
        return (column > after) & (column <= upto)

    has = exists().where(FriendTag.tag_id == tag.id, FriendTag.friend_id == SegmentMember.friend_id)
    lacking = (
        select(
            SegmentMember.friend_id,
            literal(tag.id),
            literal(now, UtcDateTime()),
            literal(tag_rows.RULE),
        )
        .where(SegmentMember.segment_id == tag.segment_id, inside(SegmentMember.friend_id), ~has)
        .order_by(SegmentMember.friend_id)
    )
    columns = ["friend_id", "tag_id", "set_at", "set_by"]
    added = insert(FriendTag).from_select(columns, lacking).returning(FriendTag.friend_id)
    touching.touch(session, session.scalars(added).all())
    member = exists().where(
        SegmentMember.segment_id == tag.segment_id, SegmentMember.friend_id == FriendTag.friend_id
    )
    _take_off(session, tag, inside(FriendTag.friend_id) & ~member)


def _take_off(session: Session, tag: Tag, which: ColumnElement[bool]) -> None:
    gone = (
        delete(FriendTag)
        .where(FriendTag.tag_id == tag.id, FriendTag.set_by == tag_rows.RULE, which)
        .returning(FriendTag.friend_id)
        .execution_options(synchronize_session=False)
    )
    touching.touch(session, session.scalars(gone).all())


def _rules(session: Session) -> dict[str, dict[str, Any]]:
    """Return the condition that each tag with a rule follows."""
    query = select(Tag.name, Segment.condition).join(Segment, Segment.id == Tag.segment_id)
    return dict(session.execute(query.order_by(Tag.name)).all())


def _refuse_circle(
    session: Session, name: str, condition: dict[str, Any], rules: dict[str, dict[str, Any]]
) -> None:
    """Walk from a condition through the tags it asks for and their segments; `name` must not be among them."""
    paths = [(each,) for each in _asked(session, condition)]
    seen: set[str] = set()
    while paths:
        path = paths.pop()
        if path[-1] == name:
            raise Invalid("tag_rule_circular", tag=name, path=" → ".join((name, *path)))
        if path[-1] in seen or path[-1] not in rules:
            continue
        seen.add(path[-1])
        paths += [(*path, each) for each in _asked(session, rules[path[-1]])]


def _asked(session: Session, condition: dict[str, Any]) -> list[str]:
    """Return the tags a condition asks for, itself or in a segment it names, in order."""
    try:
        own = conditions.parse(condition)
        parts = [own, *condition_known.load(session, own).segments.values()]
    except Invalid:
        return []  # a segment that makes no sense puts no tag on anybody
    named = (name for part in parts for leaf in conditions.leaves(part) for name in leaf.named())
    return sorted({str(name.key) for name in named if name.kind == "tag"})

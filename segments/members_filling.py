"""Compares watched segments with all friends: at first, after an edit, and when too much changed to look one by one.

By ranges of friend ids, a transaction each; where it stands is kept with the segment, so that a restart goes on.
Who is in a newly watched segment already enters without news. After an edit the differences are news: who
starts a scenario from a segment means whoever is in it by its present condition.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, insert, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from segments import members_kept, members_moves, members_sound, rule_tags, watching
from segments.condition_refusals import REFUSALS
from segments.db import UtcDateTime
from segments.members_moves import Moves
from segments.members_sound import Kept
from segments.models import Facts, Friend, Segment, SegmentMember
from segments.watching import Filling

RANGE = 5000
"""Friend ids a transaction takes: on SQLite nobody else writes meanwhile."""


_UNFINISHED = or_(Segment.members_version != Segment.version, Segment.filling.is_not(None))
_WAITING = (
    select(Segment)
    .where(
        or_(
            Segment.watched & (Segment.members_version.is_(None) | _UNFINISHED),
            ~Segment.watched & Segment.members_version.is_not(None),
        )
    )
    .order_by(Segment.id)
)


def fill(session: Session, now: datetime, limit: int = RANGE) -> int:
    """Compare the next range of friends for one segment; return how many were looked at, 0 when nothing is left.

    The end of a segment, and forgetting the members of one no longer watched, count as one.
    """
    segment_id = _next(session)
    if segment_id is None or not watching.take_turn(session):
        return 0
    query = select(Segment).where(Segment.id == segment_id).with_for_update(key_share=True)
    segment = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if segment is None:
        return 0
    if not segment.watched:
        return _forget(session, segment, limit)
    kept = members_sound.sound(session, [segment], now)
    # Another name makes another version too, and changes no members.
    segment.members_version = segment.version
    return _range_safely(session, kept[0], now, limit) if kept and kept[0].filling else 1


def _next(session: Session) -> int | None:
    # Those that only wait for friends moved by time are members_time's, those that make no sense wait for an edit.
    for segment in session.scalars(_WAITING):
        stuck = segment.members_problem is not None and segment.members_version == segment.version
        if not (segment.watched and (stuck or _is_of_time(segment))):
            return segment.id
    return None


def _is_of_time(segment: Segment) -> bool:
    if segment.filling is None or segment.members_version != segment.version:
        return False
    return Filling.from_json(segment.filling).moved_until is not None


def _range_safely(session: Session, kept: Kept, now: datetime, limit: int) -> int:
    try:
        with session.begin_nested():
            return _range(session, kept, now, limit)
    except REFUSALS as error:
        members_sound.note_broken(kept, error, now)
        return 1


def _range(session: Session, kept: Kept, now: datetime, limit: int) -> int:
    filling = kept.filling
    assert filling is not None, "asked before"
    next_ids = select(Friend.id).where(Friend.id > filling.after).order_by(Friend.id).limit(limit).subquery()
    upto, count = session.execute(select(func.max(next_ids.c.id), func.count())).one()
    if upto is None:
        kept.segment.members_as_of, kept.segment.filling = filling.since, None
        return 1
    _compare(session, kept, filling, upto, now)
    kept.segment.filling = replace(filling, after=upto).to_json()
    return count


def _compare(session: Session, kept: Kept, filling: Filling, upto: int, now: datetime) -> None:
    """Write the differences between the kept members and the condition for a range of friends, inside the database."""
    segment_id = kept.segment.id

    def inside(column: InstrumentedAttribute[int]) -> ColumnElement[bool]:
        return (column > filling.after) & (column <= upto)

    is_member = SegmentMember.segment_id == segment_id
    matching = (
        select(Friend.id)
        .join(Facts, Facts.friend_id == Friend.id)
        .where(inside(Friend.id), members_kept.members_of(kept, filling.since))
    )
    members = select(SegmentMember.friend_id).where(is_member, inside(SegmentMember.friend_id))
    new = matching.add_columns(literal(segment_id), literal(now, UtcDateTime())).where(
        Friend.id.not_in(members)
    )
    columns = ["friend_id", "segment_id", "since"]
    gone = delete(SegmentMember).where(
        is_member, inside(SegmentMember.friend_id), SegmentMember.friend_id.not_in(matching)
    )
    left = session.scalars(
        gone.returning(SegmentMember.friend_id).execution_options(synchronize_session=False)
    ).all()
    entering = insert(SegmentMember).from_select(columns, new.order_by(Friend.id))
    if filling.first:
        session.execute(entering)
        entered: Sequence[int] = ()
    else:
        entered = session.scalars(entering.returning(SegmentMember.friend_id)).all()
        members_moves.tell(session, [Moves(kept, sorted(entered), sorted(left))], now)
    tag = rule_tags.led_by(session, [segment_id]).get(segment_id)
    if tag is not None:
        rule_tags.follow(session, tag, sorted(entered), sorted(left), now, announce=True)
        rule_tags.follow_range(session, tag, filling.after, upto, now)


def _forget(session: Session, segment: Segment, limit: int) -> int:
    some = (
        select(SegmentMember.friend_id)
        .where(SegmentMember.segment_id == segment.id)
        .order_by(SegmentMember.friend_id)
        .limit(limit)
    )
    gone = (
        delete(SegmentMember)
        .where(SegmentMember.segment_id == segment.id, SegmentMember.friend_id.in_(some))
        .returning(SegmentMember.friend_id)
        .execution_options(synchronize_session=False)
    )
    count = len(session.scalars(gone).all())
    if not count:
        segment.members_version = None
    return count or 1

"""Compares how friends stand with the kept members of watched segments: who entered since, who left."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from segments import members_moves
from segments.compiler import expression, sendable
from segments.condition_refusals import REFUSALS
from segments.leaves.context import Context
from segments.members_moves import Moves
from segments.members_sound import Kept, note_broken
from segments.models import Facts, Friend, SegmentMember


def members_of(kept: Kept, now: datetime) -> ColumnElement[bool]:
    """Return the expression, over Friend joined with Facts, for being in a segment at `now`.

    As in its count: friends who are not on LINE, or never followed, are in no segment.
    """
    return and_(sendable(), expression(kept.condition, Context(now, kept.zone, kept.known)))


def compare(
    session: Session,
    segments: Sequence[Kept],
    friend_ids: Collection[int],
    now: datetime,
    *,
    at: datetime | None = None,
) -> int:
    """Make the kept members follow from how these friends stand; return how many entries and exits that made.

    They are asked as of `at`, by default the moment up to which time is taken into a segment. Friends whom the first
    filling of a segment has not come to are left to it.
    """
    ids = sorted(set(friend_ids))
    if not ids or not segments:
        return 0
    before = _members(session, [each.segment.id for each in segments], ids)
    moves: list[Moves] = []
    for each in segments:
        mine = _reached(each, ids)
        asked = each.asked_at(mine) if at is None else [(at, mine)]
        if (inside := _inside(session, each, asked, now)) is not None:
            held = before.get(each.segment.id, set())
            moves.append(Moves(each, sorted(inside - held), sorted((held & set(mine)) - inside)))
    return members_moves.write(session, [one for one in moves if one.entered or one.left], now)


def _reached(kept: Kept, ids: Sequence[int]) -> Sequence[int]:
    filling = kept.filling
    if filling is None or not filling.first:
        return ids
    return [friend_id for friend_id in ids if friend_id <= filling.after]


def _members(session: Session, segment_ids: Sequence[int], ids: Sequence[int]) -> dict[int, set[int]]:
    query = select(SegmentMember.segment_id, SegmentMember.friend_id).where(
        SegmentMember.friend_id.in_(ids), SegmentMember.segment_id.in_(segment_ids)
    )
    found: dict[int, set[int]] = {}
    for segment_id, friend_id in session.execute(query):
        found.setdefault(segment_id, set()).add(friend_id)
    return found


def _inside(
    session: Session, kept: Kept, asked: Iterable[tuple[datetime, Sequence[int]]], now: datetime
) -> set[int] | None:
    """Return who was in a segment as of which moment; None when its condition broke, which holds up no others."""
    query = select(Friend.id).join(Facts, Facts.friend_id == Friend.id)
    try:
        with session.begin_nested():
            return {
                friend_id
                for moment, ids in asked
                if ids
                for friend_id in session.scalars(query.where(Friend.id.in_(ids), members_of(kept, moment)))
            }
    except REFUSALS as error:
        note_broken(kept, error, now)
        return None

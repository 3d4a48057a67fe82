"""The members of watched segments: compared with what the conditions say, the differences written and told."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from hashlib import sha256
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, delete, insert, select
from sqlalchemy.orm import Session

from segments import condition_known, condition_names, conditions, rule_tags, shop, watching
from segments.compiler import expression, sendable
from segments.condition_refusals import REFUSALS, is_passing
from segments.conditions import All, Condition, dump
from segments.errors import Invalid
from segments.leaves.context import Context, Known
from segments.models import CustomerEvent, EventKind, Facts, Friend, Segment, SegmentMember
from segments.watching import Filling

log = structlog.get_logger(__name__)

BROKEN = "condition_broke"


@dataclass(frozen=True)
class Kept:
    """A watched segment whose condition makes sense."""

    segment: Segment
    condition: Condition
    known: Known
    zone: tzinfo
    """The shop's: days begin by it."""

    @property
    def filling(self) -> Filling | None:
        """How far a comparison with all friends has come, if one is under way."""
        return Filling.from_json(self.segment.filling) if self.segment.filling else None

    def asked_at(self, ids: Sequence[int]) -> list[tuple[datetime, Sequence[int]]]:
        """Return the moments as of which the members among these friends are kept.

        Whoever is looked at in between is asked as of the same moment as everybody: only then is it enough to look
        at those whose answer differs between that moment and the next.
        """
        filling, as_of = self.filling, self.segment.members_as_of
        if filling is None or as_of is None or filling.moved_until is None:
            moment = filling.since if filling else as_of
            return [(moment, ids)] if moment else []
        done = [each for each in ids if each <= filling.after]
        return [(filling.moved_until, done), (as_of, [each for each in ids if each > filling.after])]


@dataclass(frozen=True)
class Moves:
    """Who entered and who left one segment, by friend id in order."""

    kept: Kept
    entered: Sequence[int]
    left: Sequence[int]


def sound(session: Session, segments: Collection[Segment], now: datetime) -> list[Kept]:
    """Return those of the segments whose conditions make sense; the others keep their members, and say why.

    One that makes sense again, or means something else because a segment it names or the cuts of a score
    changed, is compared with all friends anew.
    """
    zone = shop.load(session).zone
    read = {segment.id: _read(session, segment, zone) for segment in segments if not _is_broken(segment)}
    everything = All(of=[each.condition for each in read.values() if isinstance(each, Kept)])
    all_there = _missing(session, everything) is None
    found: list[Kept] = []
    for segment in segments:
        kept = read.get(segment.id)
        if isinstance(kept, Kept) and not all_there:
            kept = _missing(session, kept.condition) or kept
        if isinstance(kept, Kept):
            _note_problem(segment, None, now)
            _note_basis(kept, now)
            found.append(kept)
        elif kept is not None:
            _note_problem(segment, kept, now)
    return found


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
    return write(session, [one for one in moves if one.entered or one.left], now)


def write(session: Session, moves: Sequence[Moves], now: datetime) -> int:
    """Write entries and exits with their news, and what they mean for tags; return how many."""
    tags = rule_tags.led_by(session, [one.kept.segment.id for one in moves]) if moves else {}
    rows: list[dict[str, Any]] = []
    for one in moves:
        segment_id = one.kept.segment.id
        rows += [{"segment_id": segment_id, "friend_id": each, "since": now} for each in one.entered]
        if one.left:
            gone = SegmentMember.segment_id == segment_id, SegmentMember.friend_id.in_(one.left)
            session.execute(delete(SegmentMember).where(*gone).execution_options(synchronize_session=False))
    if rows:
        session.execute(insert(SegmentMember), rows)
    tell(session, moves, now)
    for one in moves:
        if (tag := tags.get(one.kept.segment.id)) is not None:
            rule_tags.follow(session, tag, one.entered, one.left, now, announce=True)
    return sum(len(one.entered) + len(one.left) for one in moves)


def tell(session: Session, moves: Iterable[Moves], now: datetime) -> None:
    """Raise SEGMENT_ENTERED and SEGMENT_LEFT."""
    rows = [
        {"kind": kind, "friend_id": friend_id, "at": now, "payload": _payload(one.kept.segment)}
        for one in moves
        for kind, who in ((EventKind.SEGMENT_LEFT, one.left), (EventKind.SEGMENT_ENTERED, one.entered))
        for friend_id in who
    ]
    if rows:
        session.execute(insert(CustomerEvent), rows)


def note_broken(kept: Kept, error: Exception, now: datetime) -> None:
    """Leave a segment's members as they are, because the database cannot answer its condition.

    Raises the error again when it says nothing of the condition: the database was away or busy.
    """
    if is_passing(error):
        raise error
    log.error("segment_broke", segment=kept.segment.id, exc_info=error)
    _note_problem(kept.segment, Invalid(BROKEN, kind=type(error).__name__), now)


def watched(session: Session, *which: ColumnElement[bool]) -> Sequence[Segment]:
    """Return watched segments in the order of their ids."""
    return session.scalars(select(Segment).where(Segment.watched, *which).order_by(Segment.id)).all()


def _payload(segment: Segment) -> dict[str, Any]:
    return {"segment_id": segment.id, "name": segment.name}


def _read(session: Session, segment: Segment, zone: tzinfo) -> Kept | Invalid:
    try:
        condition = conditions.parse(segment.condition)
        return Kept(segment, condition, condition_known.load(session, condition), zone)
    except Invalid as refused:
        return refused


def _note_basis(kept: Kept, now: datetime) -> None:
    segment, basis = kept.segment, _basis(kept)
    if segment.members_basis is not None and segment.members_basis != basis:
        log.info("segment_means_something_else", segment=segment.id)
        watching.start_over(segment, now)
    segment.members_basis = basis


def _basis(kept: Kept) -> str:
    known = kept.known
    # When the deciles were measured does not matter, only where they lie.
    deciles = replace(known.rfm.deciles, day=None, buyers=0)
    named = sorted((segment_id, dump(each)) for segment_id, each in known.segments.items())
    outside = (replace(known.rfm, deciles=deciles), named, sorted(known.frozen.items()))
    told = repr((dump(kept.condition), *outside))
    return sha256(told.encode()).hexdigest()


def _is_broken(segment: Segment) -> bool:
    """Tell whether the database refused this very condition before: trying it again would break again."""
    problem = segment.members_problem
    return problem is not None and problem["code"] == BROKEN and segment.members_version == segment.version


def _missing(session: Session, condition: Condition) -> Invalid | None:
    try:
        condition_names.check(session, condition)
    except Invalid as refused:
        return refused
    return None


def _note_problem(segment: Segment, problem: Invalid | None, now: datetime) -> None:
    told = {"code": problem.code, "params": problem.params} if problem else None
    if told == segment.members_problem:
        return
    if problem is None:
        log.info("segment_kept_again", segment=segment.id)
        watching.start_over(segment, now)
    else:
        log.warning("segment_not_kept", segment=segment.id, code=problem.code, **problem.params)
    segment.members_problem = told


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

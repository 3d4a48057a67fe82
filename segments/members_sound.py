"""Which watched segments make sense, and what each of them means: its condition, and what the condition rests on."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from hashlib import sha256

import structlog
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from segments import condition_known, condition_names, conditions, shop, watching
from segments.condition_refusals import is_passing
from segments.conditions import All, Condition, dump
from segments.errors import Invalid
from segments.leaves.context import Known
from segments.models import Segment
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


def watched(session: Session, *which: ColumnElement[bool]) -> Sequence[Segment]:
    """Return watched segments in the order of their ids."""
    return session.scalars(select(Segment).where(Segment.watched, *which).order_by(Segment.id)).all()


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


def note_broken(kept: Kept, error: Exception, now: datetime) -> None:
    """Leave a segment's members as they are, because the database cannot answer its condition.

    Raises the error again when it says nothing of the condition: the database was away or busy.
    """
    if is_passing(error):
        raise error
    log.error("segment_broke", segment=kept.segment.id, exc_info=error)
    _note_problem(kept.segment, Invalid(BROKEN, kind=type(error).__name__), now)


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

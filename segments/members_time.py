"""Takes passing time into the members of watched segments: only those are looked at whom time may have moved."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, or_, select, union_all, update
from sqlalchemy.orm import Session

from segments import condition_edges, members_kept, members_sound, watching
from segments.leaves.context import Edge
from segments.members_sound import Kept
from segments.models import Friend, Segment
from segments.watching import Filling

EVERY = timedelta(minutes=1)
"""How far members may lag behind the clock: shorter, and looking would cost more than it finds."""
FRIENDS = 500
"""Friends taken in one transaction."""
LARGE_SHARE = 5
"""When time moved more than one friend in so many, comparing all of them range by range is cheaper."""


_DUE = (
    select(Segment)
    .where(
        Segment.watched,
        # Those with a problem are asked about too: it may have gone.
        or_(
            Segment.members_as_of <= bindparam("lag", type_=Segment.members_as_of.type),
            Segment.members_problem.is_not(None),
        ),
    )
    .order_by(Segment.id)
)


def pass_time(session: Session, now: datetime, limit: int = FRIENDS) -> int:
    """Look at the next friends whom time may have moved into or out of a watched segment; return how many.

    Each segment at most once a minute. Call it, a transaction each, until it returns 0, which also means that another
    process is at it. What is too much for one transaction goes on where it stopped, after a restart too.
    """
    if not _due(session, now) or not watching.take_turn(session):
        return 0
    # Read again now that the turn is ours: whoever had it, or began a comparison, may have moved them on.
    due = _due(session, now, for_update=True)
    up_to_now: list[int] = []
    looked = 0
    for kept in members_sound.sound(session, due, now):
        if kept.segment.members_as_of is None or _is_compared_with_all(kept):
            continue
        count, until = _take_in(session, kept, now, limit)
        looked += count
        if until == now:
            up_to_now.append(kept.segment.id)
        if looked >= limit:
            break
    _note(session, up_to_now, now)
    return looked


def _due(session: Session, now: datetime, *, for_update: bool = False) -> Sequence[Segment]:
    query = _DUE.with_for_update(key_share=True) if for_update else _DUE
    return session.scalars(query.execution_options(populate_existing=for_update), {"lag": now - EVERY}).all()


def _is_compared_with_all(kept: Kept) -> bool:
    return kept.filling is not None and kept.filling.moved_until is None


def _take_in(session: Session, kept: Kept, now: datetime, limit: int) -> tuple[int, datetime | None]:
    """Look at the next friends of one segment; return how many, and up to when its members are true then.

    None when more friends wait: where it stands is in the segment's filling.
    """
    segment, as_of = kept.segment, kept.segment.members_as_of
    assert as_of is not None, "asked before"
    filling = kept.filling or Filling(as_of, moved_until=now)
    until = filling.moved_until or now
    edges = condition_edges.moved(kept.condition, filling.since, until, kept.zone, kept.known)
    if edges and kept.filling is None and _is_large(session, edges, limit):
        watching.start_over(segment, now)
        return 0, None
    ids = _next(session, edges, filling.after, limit)
    members_kept.compare(session, [kept], ids, now, at=until)
    if len(ids) == limit:
        segment.filling = replace(filling, after=ids[-1]).to_json()
        return len(ids), None
    segment.filling = None
    if until != now:
        segment.members_as_of = until  # what passed since is taken in by the next call
    return len(ids), until


def _next(session: Session, edges: Collection[Edge], after: int, limit: int) -> Sequence[int]:
    if not edges:
        return []
    ids = union_all(*edges).subquery().c[0]
    return session.scalars(select(ids).where(ids > after).distinct().order_by(ids).limit(limit)).all()


def _is_large(session: Session, edges: Collection[Edge], limit: int) -> bool:
    """Tell whether time moved so many that going through all friends once is cheaper; it counts no further than that."""
    share = (session.scalar(select(func.max(Friend.id))) or 0) // LARGE_SHARE
    some = select(union_all(*edges).subquery().c[0]).limit(share + 1).subquery()
    return share >= limit and (session.scalar(select(func.count()).select_from(some)) or 0) > share


def _note(session: Session, segment_ids: Sequence[int], now: datetime) -> None:
    """Write down, for all in one statement, that their members are true at `now`."""
    if segment_ids:
        session.flush()
        note = update(Segment).where(Segment.id.in_(segment_ids)).values(members_as_of=now)
        session.execute(note.execution_options(synchronize_session=False))

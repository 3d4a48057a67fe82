"""Which segments are watched, so that entering and leaving them is news, and how far keeping their members has come."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from segments import condition_known, conditions, touching
from segments.condition_leaves import Leaf
from segments.errors import Invalid, NotFound
from segments.leaves.cycles import DueWithin, InCycle, Overdue
from segments.models import Segment

_LOCK = 0x6B6F6B79
"""Of PostgreSQL's advisory locks: whoever writes members holds it until their transaction ends."""


@dataclass(frozen=True)
class Filling:
    """How far a comparison of the kept members with all friends has come; kept in `Segment.filling`."""

    since: datetime
    """When it began: time that passes meanwhile is taken in afterwards."""
    after: int = 0
    """The friend id up to which it has come."""
    first: bool = False
    """Whether these are the first members: that they are in it is no news."""
    moved_until: datetime | None = None
    """Set when only those are compared whom time moved from `since` up to this moment."""

    def to_json(self) -> dict[str, Any]:
        """Return it as a segment keeps it."""
        until = self.moved_until.isoformat() if self.moved_until else None
        return {
            "since": self.since.isoformat(),
            "after": self.after,
            "first": self.first,
            "moved_until": until,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        until = data["moved_until"]
        return cls(
            since=datetime.fromisoformat(data["since"]),
            after=data["after"],
            first=data["first"],
            moved_until=datetime.fromisoformat(until) if until else None,
        )


def watch(session: Session, segment_id: int, now: datetime) -> Segment:
    """Have a segment's members kept from now on; who is in it already enters without news.

    The tick finds them, range by range. Raises NotFound("segment_unknown").
    """
    segment = _locked(session, segment_id)
    if not segment.watched:
        touching.expect(session)
        segment.watched = True
        start_over(segment, now, first=True)
        session.flush()
    return segment


def unwatch(session: Session, segment_id: int) -> None:
    """Keep a segment's members no longer; the tick forgets those it has. Raises NotFound("segment_unknown")."""
    segment = _locked(session, segment_id)
    segment.watched = False
    segment.filling = segment.members_as_of = segment.members_problem = None
    session.flush()


def want(session: Session, segment_id: int, wanted: bool) -> Segment:
    """Note whether an operator wants to see who comes and goes; scenario_starts.keep_watched acts on it.

    Raises NotFound("segment_unknown").
    """
    segment = _locked(session, segment_id)
    segment.kept_by_hand = wanted
    session.flush()
    return segment


def start_over(segment: Segment, now: datetime, *, first: bool = False) -> None:
    """Have a watched segment compared with all friends again; the differences are news unless it is the first time."""
    still_first = segment.filling is not None and Filling.from_json(segment.filling).first
    segment.filling = Filling(now, first=first or still_first).to_json()
    segment.members_version = segment.version


def compare_anew(session: Session, reads: Callable[[Leaf], bool], now: datetime) -> int:
    """Compare anew those watched segments of whose leaves one `reads` what changed for many; return how many.

    For changes that touch nobody by name: a product's category, the dates of everybody's cycles.
    """
    # In the order in which everybody locks segments, so that two never wait for each other.
    query = select(Segment).where(Segment.watched).order_by(Segment.id).with_for_update(key_share=True)
    chosen = [
        segment
        for segment in session.scalars(query.execution_options(populate_existing=True))
        if any(reads(leaf) for leaf in _leaves(session, segment))
    ]
    for segment in chosen:
        start_over(segment, now)
    session.flush()
    return len(chosen)


def reads_products(leaf: Leaf) -> bool:
    """Tell whether a leaf names products or categories."""
    return any(hasattr(leaf, name) for name in ("products", "categories", "category"))


def reads_cycles(leaf: Leaf) -> bool:
    """Tell whether a leaf reads the dates of purchase cycles."""
    return isinstance(leaf, InCycle | DueWithin | Overdue)


def take_turn(session: Session) -> bool:
    """Take the right to write members until the transaction ends; False when another process has it now.

    Of two at once the later would write what the earlier no longer saw. SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "sqlite":
        return True
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))))


def _locked(session: Session, segment_id: int) -> Segment:
    # FOR NO KEY UPDATE: members and tags that merely point at it are not held up.
    query = select(Segment).where(Segment.id == segment_id).with_for_update(key_share=True)
    segment = session.scalar(query.execution_options(populate_existing=True))
    if segment is None:
        raise NotFound("segment_unknown", segment_id=segment_id)
    return segment


def _leaves(session: Session, segment: Segment) -> list[Leaf]:
    try:
        condition = conditions.parse(segment.condition)
        named = condition_known.load(session, condition).segments.values()
    except Invalid:
        return []  # reported where its members are kept
    return [leaf for each in (condition, *named) for leaf in conditions.leaves(each)]

"""Two-person approval: a broadcast to many waits until somebody other than its author has looked at it."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler import broadcast_lookup
from scheduler.kept_reach import reachable, reachable_by_mail
from scheduler.models import Broadcast, BroadcastState, Message, MessageVersion, Purpose
from segments import condition_known, conditions, shop
from segments.errors import Conflict, Invalid
from segments.models import Segment, SegmentVersion

NOTE_LIMIT = 200
SPARE_PERCENT, SPARE_FRIENDS = 10, 10
"""By how much, the larger of both, an audience may outgrow its approval.

A shop gains friends from one day to the next, which must not stop every campaign; a tenth more is about the audience
that was looked at, and of few friends one or two who come are already a tenth.
"""


class Seen(NamedTuple):
    """What somebody who approves a broadcast had before them."""

    asked_at: datetime
    """`Broadcast.asked_at`: another one tells that it was changed and asked for again."""
    at: datetime
    """When they looked."""
    friends: int
    """How many friends it reached then."""


def is_to_many(session: Session, broadcast: Broadcast, now: datetime) -> bool:
    """Tell whether a broadcast would reach more friends now than one operator may decide alone."""
    return _many(session, broadcast, now) is not None


def needs_approval(session: Session, broadcast: Broadcast, now: datetime) -> bool:
    """Tell whether a broadcast has to wait for somebody else, by whom it would reach now.

    An approval is for those whom it reached then: it does not stand for many more, nor for others.
    """
    friends = _many(session, broadcast, now)
    if friends is None:
        return False
    approved, at = broadcast.approved_for, broadcast.approved_at
    if approved is None or at is None:
        return True
    return _outgrew(approved, friends) or _means_others(session, broadcast, at)


def ask(session: Session, broadcast: Broadcast, at: datetime | None, now: datetime) -> None:
    """Put a broadcast aside until somebody approves it; `at` is when it is to leave then, None = at once.

    An earlier approval is void. Who wanted it to leave is kept: they still cannot approve it.
    """
    broadcast.state, broadcast.scheduled_at = BroadcastState.AWAITING_APPROVAL, at
    broadcast.asked_at = now
    _withdraw(broadcast)
    session.flush()


def give(session: Session, broadcast_id: int, by: str, now: datetime, seen: Seen | None = None) -> Broadcast:
    """Approve a broadcast: it leaves at the time it was to, or at once when that has passed.

    The caller starts what is due (scheduler.broadcasts.approve does). Raises Conflict: `broadcast_state` when it does
    not wait for approval, `own_approval` for who wrote it or asked, `approval_outdated` when it is no longer what was
    seen: changed and asked for again meanwhile, to many more or to others; Invalid("expires_before_start").
    """
    broadcast = broadcast_lookup.in_state(session, broadcast_id, [BroadcastState.AWAITING_APPROVAL])
    if by in {broadcast.edited_by, broadcast.asked_by}:
        raise Conflict("own_approval")
    friends = reached(session, broadcast, now)
    if seen is not None and _is_outdated(session, broadcast, friends, seen):
        raise Conflict("approval_outdated")
    at = max(broadcast.scheduled_at or now, now)
    if broadcast.expires_at is not None and broadcast.expires_at <= at:
        raise Invalid("expires_before_start", expires_at=broadcast.expires_at)
    broadcast.state, broadcast.scheduled_at = BroadcastState.SCHEDULED, at
    broadcast.approved_by, broadcast.approved_at = by, now
    broadcast.approved_for = min(friends, seen.friends) if seen else friends
    session.flush()
    return broadcast


def send_back(session: Session, broadcast_id: int, note: str) -> Broadcast:
    """Make it a draft again, with what should be changed; its author may do so as well.

    Raises Conflict("broadcast_state"), and Invalid("reason_too_long") for a note of more than 200 characters.
    """
    if len(note.strip()) > NOTE_LIMIT:
        raise Invalid("reason_too_long", limit=NOTE_LIMIT)
    broadcast = broadcast_lookup.in_state(session, broadcast_id, [BroadcastState.AWAITING_APPROVAL])
    void(broadcast)
    broadcast.state, broadcast.scheduled_at = BroadcastState.DRAFT, None
    broadcast.returned_note = note.strip()
    session.flush()
    return broadcast


def void(broadcast: Broadcast) -> None:
    """Forget who asked and who approved: what they saw is not what it says now."""
    broadcast.asked_by = broadcast.asked_at = None
    broadcast.returned_note = ""
    _withdraw(broadcast)


def waiting(session: Session) -> int:
    """Count the broadcasts that wait for somebody's approval."""
    awaiting = Broadcast.state == BroadcastState.AWAITING_APPROVAL
    return session.scalar(select(func.count()).select_from(Broadcast).where(awaiting)) or 0


def reached(session: Session, broadcast: Broadcast, now: datetime) -> int:
    """Count whom a broadcast would reach now, on LINE or by mail: what one operator decides is counted in friends."""
    found = session.scalar(
        select(Message.purpose)
        .join(MessageVersion, MessageVersion.message_id == Message.id)
        .where(MessageVersion.id == broadcast.message_version_id)
    )
    purpose = found or Purpose.SALES
    return reachable(session, broadcast, purpose, now) + reachable_by_mail(session, broadcast, purpose, now)


def _many(session: Session, broadcast: Broadcast, now: datetime) -> int | None:
    """Return whom a broadcast would reach, or None when one operator may decide it."""
    above = shop.load(session).approval_above
    friends = reached(session, broadcast, now) if above is not None else 0
    return friends if above is not None and friends > above else None


def _withdraw(broadcast: Broadcast) -> None:
    broadcast.approved_by = broadcast.approved_at = broadcast.approved_for = None


def _is_outdated(session: Session, broadcast: Broadcast, friends: int, seen: Seen) -> bool:
    """Tell whether it now is something else, or for others, than what was seen."""
    if seen.asked_at != broadcast.asked_at:
        return True
    return _outgrew(seen.friends, friends) or _means_others(session, broadcast, seen.at)


def _outgrew(approved: int, friends: int) -> bool:
    """Tell whether so many friends are more than an approval for `approved` bears."""
    return friends > approved + max(approved * SPARE_PERCENT // 100, SPARE_FRIENDS)


def _means_others(session: Session, broadcast: Broadcast, at: datetime) -> bool:
    """Tell whether a saved segment it is for asks for something else than it did at `at`, not just renamed."""
    if broadcast.condition is None or broadcast.audience_id is not None:
        return False
    named = condition_known.load(session, conditions.parse(broadcast.condition)).segments
    edited = select(Segment.id, Segment.condition).where(Segment.id.in_(named), Segment.updated_at > at)
    asks = dict(session.execute(edited).all())
    kept = select(SegmentVersion.segment_id, SegmentVersion.condition).where(
        SegmentVersion.segment_id.in_(asks), SegmentVersion.saved_at <= at
    )
    asked = dict(session.execute(kept.order_by(SegmentVersion.version)).all())
    return any(asked.get(segment_id) != condition for segment_id, condition in asks.items())

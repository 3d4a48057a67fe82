"""Asked once a broadcast's audience is fixed: may one operator decide it, and does the month suffice for all of it?"""

from datetime import datetime

from sqlalchemy.orm import Session

from scheduler import approvals, kept_reach, meter, reserved
from scheduler.affording import hold_reason
from scheduler.models import Broadcast, Message, MessageVersion, Purpose
from scheduler.months import next_month


def still_may_begin(session: Session, broadcast: Broadcast, now: datetime) -> bool:
    """Put a broadcast aside that has come to reach more friends than one operator may decide alone.

    It was asked when it was scheduled as well; since then its audience has grown, also beyond what was approved, or
    the shop's rule changed.
    """
    if not approvals.needs_approval(session, broadcast, now):
        return True
    approvals.ask(session, broadcast, broadcast.scheduled_at, now)
    broadcast.started_at = None
    return False


def is_first_page(broadcast: Broadcast) -> bool:
    """Tell whether nothing of the broadcast is planned yet."""
    return broadcast.planned_through == 0


def decide_order(session: Session, broadcast: Broadcast, now: datetime) -> None:
    """Have the most valuable friends come first when this month does not suffice for all of them."""
    limit = meter.cap(session).messages
    if limit is None:
        return
    version = session.get_one(MessageVersion, broadcast.message_version_id)
    purpose = session.get_one(Message, version.message_id).purpose
    used = meter.read(session, now)
    before = used.taken + (used.kept_for_care if purpose is Purpose.SALES else 0)
    before += reserved.queued(session, now)
    wanted = kept_reach.reachable(session, broadcast, purpose, now)
    broadcast.by_value = before + wanted > limit
    if broadcast.by_value:
        meter.note_holding(session, now)


def note_put_aside(session: Session, now: datetime) -> None:
    """Take note, page by page, that such deliveries wait: those of the pages before may all have been let go."""
    meter.note_holding(session, now)


def put_aside(session: Session, broadcast: Broadcast, now: datetime) -> dict[str, object]:
    """Return what a delivery of such a broadcast is written with: it waits until scheduler.releasing picks it."""
    if not broadcast.by_value:
        return {}
    until = next_month(now)
    if broadcast.expires_at is not None:
        until = min(until, broadcast.expires_at)
    return {"not_before": until, "reason": hold_reason(session)}

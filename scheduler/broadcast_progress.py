"""How far a broadcast has come: counts by state and by reason."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler import broadcast_lookup, chunks
from scheduler.models import Broadcast, BroadcastState, Delivery, DeliveryState
from segments.models import Audience


@dataclass(frozen=True)
class Progress:
    """How far a broadcast has come."""

    state: BroadcastState
    state_reason: str | None
    total: int
    by_state: dict[DeliveryState, int]
    by_reason: dict[str, int]
    """Of all that have a reason: those that will not get it, and those that only wait."""
    waiting_by_reason: dict[str, int]
    waiting_until: datetime | None
    """When the first of those that wait is looked at again."""
    started_at: datetime | None
    ended_at: datetime | None
    through_reason: str | None = None
    """Why LINE's own broadcast, which was asked for, was not used (scheduler.through_words)."""

    @property
    def unsent_by_reason(self) -> dict[str, int]:
        """Return why friends did not get it, without those that only wait."""
        left = {
            reason: count - self.waiting_by_reason.get(reason, 0) for reason, count in self.by_reason.items()
        }
        return {reason: count for reason, count in left.items() if count}

    @property
    def open(self) -> int:
        """Return how many have not reached an end."""
        ended = sum(n for state, n in self.by_state.items() if state not in chunks.OPEN_DELIVERY)
        return self.total - ended


def progress(session: Session, broadcast_id: int) -> Progress:
    """Count where a broadcast's friends stand; nobody is held up by being watched."""
    broadcast = broadcast_lookup.get(session, broadcast_id)
    rows = session.execute(
        select(Delivery.state, Delivery.reason, func.count(), func.min(Delivery.not_before))
        .where(Delivery.broadcast_id == broadcast_id)
        .group_by(Delivery.state, Delivery.reason)
    ).all()
    by_state: dict[DeliveryState, int] = {}
    by_reason: dict[str, int] = {}
    for state, reason, count, _until in rows:
        by_state[state] = by_state.get(state, 0) + count
        if reason is not None and state is not DeliveryState.ACCEPTED:
            by_reason[reason] = by_reason.get(reason, 0) + count
    held = [row for row in rows if row.state is DeliveryState.QUEUED and row.reason is not None]
    return Progress(
        state=broadcast.state,
        state_reason=broadcast.state_reason,
        total=_total(session, broadcast, by_state),
        by_state=by_state,
        by_reason=by_reason,
        waiting_by_reason={row.reason: row[2] for row in held},
        waiting_until=min((until for *_rest, until in held if until is not None), default=None),
        started_at=broadcast.started_at,
        ended_at=broadcast.ended_at,
        through_reason=broadcast.through_reason,
    )


def _total(session: Session, broadcast: Broadcast, by_state: dict[DeliveryState, int]) -> int:
    if broadcast.audience_id is None:
        return sum(by_state.values())
    return session.get_one(Audience, broadcast.audience_id).size

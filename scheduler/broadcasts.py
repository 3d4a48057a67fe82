"""Broadcasts: drafting, scheduling and controlling one send to many."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, true, update
from sqlalchemy.orm import Session

from scheduler import chunks, messages
from scheduler.jobs import Job, JobQueue
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Chunk,
    ChunkState,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Message,
    MessageVersion,
    Purpose,
)
from segments import conditions
from segments.errors import Conflict, Invalid, NotFound
from segments.models import Audience, Friend

RUNNING = (BroadcastState.PLANNING, BroadcastState.SENDING)
MARGIN = timedelta(minutes=1)
"""How far in the past a chosen minute may lie: typing takes a moment."""
PLAN_AGAIN = timedelta(minutes=1)
"""How long after planning broke it is tried again."""


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


def create(
    session: Session,
    *,
    name: str,
    now: datetime,
    by: str,
    content: dict[str, Any] | None = None,
    message_version_id: int | None = None,
    condition: dict[str, Any] | None = None,
    audience_id: int | None = None,
    purpose: Purpose = Purpose.SALES,
    expires_at: datetime | None = None,
) -> Broadcast:
    """Add a draft. Its message is `content`, or a version that exists; its audience a condition or a list.

    Raises Invalid with a code for the field that is wrong.
    """
    _check_audience(session, condition, audience_id)
    broadcast = Broadcast(
        name=_checked_name(name),
        message_version_id=message_version_id or _write(session, name, content, purpose, now, by),
        condition=condition,
        audience_id=audience_id,
        created_at=now,
        created_by=by,
        expires_at=expires_at,
    )
    session.add(broadcast)
    session.flush()
    return broadcast


def update_draft(
    session: Session,
    broadcast_id: int,
    *,
    name: str,
    now: datetime,
    by: str,
    content: dict[str, Any] | None = None,
    message_version_id: int | None = None,
    condition: dict[str, Any] | None = None,
    audience_id: int | None = None,
    purpose: Purpose = Purpose.SALES,
    expires_at: datetime | None = None,
) -> Broadcast:
    """Change a draft; what it said before stays readable as a version. Raises Conflict once it is sent."""
    broadcast = _in_state(session, broadcast_id, [BroadcastState.DRAFT, BroadcastState.SCHEDULED])
    _check_audience(session, condition, audience_id)
    broadcast.name = _checked_name(name)
    broadcast.message_version_id = message_version_id or _write(session, name, content, purpose, now, by)
    broadcast.condition, broadcast.audience_id = condition, audience_id
    broadcast.expires_at = expires_at
    # What was to go out at a set time has changed: it must be scheduled again knowingly.
    broadcast.state, broadcast.scheduled_at = BroadcastState.DRAFT, None
    return broadcast


def schedule(
    session: Session, queue: JobQueue, broadcast_id: int, at: datetime | None, now: datetime
) -> Broadcast:
    """Send at `at`, or now when it is None. Raises Invalid when the moment has passed or nothing would leave."""
    broadcast = _in_state(session, broadcast_id, [BroadcastState.DRAFT, BroadcastState.SCHEDULED])
    if at is not None and at < now - MARGIN:
        raise Invalid("time_passed", at=at)
    if broadcast.expires_at is not None and broadcast.expires_at <= (at or now):
        raise Invalid("expires_before_start", expires_at=broadcast.expires_at)
    broadcast.state, broadcast.scheduled_at = BroadcastState.SCHEDULED, at or now
    session.flush()
    if at is None or at <= now:
        start_due(session, queue, now, only=broadcast_id)
    return broadcast


def start_due(session: Session, queue: JobQueue, now: datetime, only: int | None = None) -> int:
    """Start planning scheduled broadcasts whose time has come; return how many."""
    started = session.scalars(
        update(Broadcast)
        .where(
            Broadcast.state == BroadcastState.SCHEDULED,
            Broadcast.scheduled_at <= now,
            Broadcast.id == only if only is not None else true(),
        )
        .values(state=BroadcastState.PLANNING, started_at=now, state_reason=None)
        .returning(Broadcast.id)
    ).all()
    for broadcast_id in started:
        _enqueue_plan(session, queue, broadcast_id)
    return len(started)


def pause(session: Session, broadcast_id: int, now: datetime, reason: str = "operator") -> Broadcast:
    """Let nothing more of it leave. Chunks that are under way finish their 500."""
    broadcast = _in_state(session, broadcast_id, [*RUNNING, BroadcastState.SCHEDULED])
    broadcast.state, broadcast.state_reason = BroadcastState.PAUSED, reason
    return broadcast


def resume(session: Session, queue: JobQueue, broadcast_id: int, now: datetime) -> Broadcast:
    """Go on where it stopped; nobody gets it twice."""
    broadcast = _in_state(session, broadcast_id, [BroadcastState.PAUSED])
    broadcast.state_reason = None
    if broadcast.started_at is None:
        broadcast.state = BroadcastState.SCHEDULED
        return broadcast
    broadcast.state = BroadcastState.SENDING if broadcast.planned_at else BroadcastState.PLANNING
    session.flush()
    if broadcast.planned_at is None:
        _enqueue_plan(session, queue, broadcast.id)
    _enqueue_open_chunks(session, queue, broadcast.id, now)
    chunks.finish_broadcast(session, broadcast.id, now)
    session.refresh(broadcast)
    return broadcast


def cancel(session: Session, broadcast_id: int, now: datetime) -> Broadcast:
    """End it for good: what has not left stays here. What LINE may have taken is still resolved."""
    broadcast = _in_state(
        session,
        broadcast_id,
        [*RUNNING, BroadcastState.DRAFT, BroadcastState.SCHEDULED, BroadcastState.PAUSED],
    )
    broadcast.state, broadcast.ended_at, broadcast.state_reason = BroadcastState.CANCELLED, now, None
    session.flush()
    # Chunks before deliveries, as sending locks them: the other way round each would wait for the other.
    session.execute(
        update(Chunk)
        .where(Chunk.broadcast_id == broadcast_id, Chunk.state == ChunkState.QUEUED)
        .values(state=ChunkState.CANCELLED, ended_at=now)
    )
    session.execute(
        update(Delivery)
        .where(Delivery.broadcast_id == broadcast_id, Delivery.state == DeliveryState.QUEUED)
        .values(state=DeliveryState.CANCELLED, reason="broadcast_cancelled", ended_at=now)
    )
    return broadcast


def send_test(
    session: Session, queue: JobQueue, broadcast_id: int, friend_id: int, now: datetime
) -> Delivery:
    """Send the broadcast's message to one friend at once, outside of the broadcast's own counts."""
    broadcast = _get(session, broadcast_id)
    if session.get(Friend, friend_id) is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    delivery = Delivery(
        friend_id=friend_id,
        kind=DeliveryKind.TEST,
        purpose=Purpose.SERVICE,
        message_version_id=broadcast.message_version_id,
        created_at=now,
        not_before=now,
    )
    session.add(delivery)
    session.flush()
    chunks.send_as_chunk(session, queue, [delivery.id], now)
    return delivery


def progress(session: Session, broadcast_id: int) -> Progress:
    """Count where a broadcast's friends stand; nobody is held up by being watched."""
    broadcast = _get(session, broadcast_id)
    rows = session.execute(
        select(Delivery.state, Delivery.reason, func.count(), func.min(Delivery.not_before))
        .where(Delivery.broadcast_id == broadcast_id)
        .group_by(Delivery.state, Delivery.reason)
    ).all()
    by_state: dict[DeliveryState, int] = {}
    by_reason: dict[str, int] = {}
    for state, reason, count, _until in rows:
        by_state[state] = by_state.get(state, 0) + count
        if reason is not None:
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
    )


def _total(session: Session, broadcast: Broadcast, by_state: dict[DeliveryState, int]) -> int:
    if broadcast.audience_id is None:
        return sum(by_state.values())
    return session.get_one(Audience, broadcast.audience_id).size


def _get(session: Session, broadcast_id: int, *, lock: bool = False) -> Broadcast:
    # FOR NO KEY UPDATE: rows that merely point at it (a chunk being added) do not wait, nor we for them.
    broadcast = session.get(Broadcast, broadcast_id, with_for_update={"key_share": True} if lock else None)
    if broadcast is None:
        raise NotFound("broadcast_unknown", broadcast_id=broadcast_id)
    return broadcast


def _in_state(session: Session, broadcast_id: int, allowed: Collection[BroadcastState]) -> Broadcast:
    broadcast = _get(session, broadcast_id, lock=True)
    if broadcast.state not in allowed:
        raise Conflict("broadcast_state", state=broadcast.state.value)
    return broadcast


def _checked_name(name: str) -> str:
    cleaned = name.strip()
    if not cleaned:
        raise Invalid("name_missing")
    if len(cleaned) > 128:
        raise Invalid("name_too_long", limit=128)
    return cleaned


def _check_audience(session: Session, condition: dict[str, Any] | None, audience_id: int | None) -> None:
    if (condition is None) == (audience_id is None):
        raise Invalid("audience_missing")
    if condition is not None:
        conditions.parse(condition)
    elif session.get(Audience, audience_id) is None:
        raise NotFound("audience_unknown", audience_id=audience_id)


def _write(
    session: Session, name: str, content: dict[str, Any] | None, purpose: Purpose, now: datetime, by: str
) -> int:
    if not content:
        raise Invalid("message_missing")
    problems = messages.check(content)
    if problems:
        raise Invalid("message_invalid", problems=problems)
    message = Message(name=name.strip()[:128], purpose=purpose, created_at=now)
    session.add(message)
    session.flush()
    version = MessageVersion(message_id=message.id, version=1, content=content, created_at=now, created_by=by)
    session.add(version)
    session.flush()
    return version.id


def sweep_plans(session: Session, queue: JobQueue) -> int:
    """Enqueue again, for a little later, the planning that has no job alive; return how many.

    A job that broke (the database was away for a moment) is not run again by the engine.
    """
    planning = session.scalars(select(Broadcast).where(Broadcast.state == BroadcastState.PLANNING)).all()
    alive = queue.unfinished([_plan_job_id(broadcast) for broadcast in planning])
    lost = [broadcast.id for broadcast in planning if _plan_job_id(broadcast) not in alive]
    for broadcast_id in lost:
        _enqueue_plan(session, queue, broadcast_id, delay=PLAN_AGAIN)
    return len(lost)


def _enqueue_plan(
    session: Session, queue: JobQueue, broadcast_id: int, delay: timedelta | None = None
) -> None:
    broadcast = session.get_one(Broadcast, broadcast_id)
    broadcast.job_number += 1
    queue.enqueue(session, Job.PLAN_BROADCAST, _plan_job_id(broadcast), broadcast_id, delay=delay)


def _plan_job_id(broadcast: Broadcast) -> str:
    return f"plan-{broadcast.id}-{broadcast.job_number}"


def _enqueue_open_chunks(session: Session, queue: JobQueue, broadcast_id: int, now: datetime) -> None:
    left = session.scalars(
        select(Chunk).where(Chunk.broadcast_id == broadcast_id, Chunk.state.in_(chunks.OPEN_CHUNK))
    )
    for chunk in left:
        chunks.enqueue(session, queue, chunk, now)

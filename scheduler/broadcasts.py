"""Broadcasts under way: scheduled, started, paused, resumed, cancelled, and sent to one friend as a test."""

from datetime import datetime, timedelta

from sqlalchemy import exists, select, true, update
from sqlalchemy.orm import Session

from scheduler import approvals, chunks, kill_switch, trial_sends
from scheduler.broadcast_lookup import get, in_state
from scheduler.jobs import JobQueue
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Chunk,
    ChunkState,
    Delivery,
    DeliveryState,
)
from scheduler.plan_jobs import enqueue_plan
from scheduler.reasons import Reason
from segments.errors import Invalid

RUNNING = (BroadcastState.PLANNING, BroadcastState.SENDING)
ENDED = (BroadcastState.DONE, BroadcastState.CANCELLED)
MARGIN = timedelta(minutes=1)
"""How far in the past a chosen minute may lie: typing takes a moment."""


def schedule(
    session: Session,
    queue: JobQueue,
    broadcast_id: int,
    at: datetime | None,
    now: datetime,
    by: str = "system",
) -> Broadcast:
    """Send at `at`, or now when it is None, at the word of `by`; one to very many waits for another's approval.

    Raises Invalid when the moment has passed or nothing would leave.
    """
    broadcast = in_state(session, broadcast_id, [BroadcastState.DRAFT, BroadcastState.SCHEDULED])
    if at is not None and at < now - MARGIN:
        raise Invalid("time_passed", at=at)
    if broadcast.expires_at is not None and broadcast.expires_at <= (at or now):
        raise Invalid("expires_before_start", expires_at=broadcast.expires_at)
    approvals.void(broadcast)
    broadcast.asked_by, broadcast.asked_at = by, now
    if approvals.needs_approval(session, broadcast, now):
        approvals.ask(session, broadcast, at, now)
        return broadcast
    broadcast.state, broadcast.scheduled_at = BroadcastState.SCHEDULED, at or now
    session.flush()
    if at is None or at <= now:
        start_due(session, queue, now, only=broadcast_id)
    return broadcast


def approve(
    session: Session,
    queue: JobQueue,
    broadcast_id: int,
    by: str,
    now: datetime,
    seen: approvals.Seen | None = None,
) -> Broadcast:
    """Let a broadcast go that waited for a second operator, and start it if its time has come.

    Raises as scheduler.approvals.give.
    """
    broadcast = approvals.give(session, broadcast_id, by, now, seen)
    if broadcast.scheduled_at is not None and broadcast.scheduled_at <= now:
        start_due(session, queue, now, only=broadcast_id)
    return broadcast


def start_due(session: Session, queue: JobQueue, now: datetime, only: int | None = None) -> int:
    """Start planning scheduled broadcasts whose time has come; return how many. While we are stopped, none."""
    if kill_switch.is_stopped(session):
        return 0
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
        enqueue_plan(session, queue, broadcast_id)
    return len(started)


def pause(session: Session, broadcast_id: int, now: datetime, reason: str = "operator") -> Broadcast:
    """Let nothing more of it leave, within two seconds and also in the middle of a chunk."""
    broadcast = in_state(session, broadcast_id, [*RUNNING, BroadcastState.SCHEDULED])
    broadcast.state, broadcast.state_reason = BroadcastState.PAUSED, reason
    return broadcast


def resume(session: Session, queue: JobQueue, broadcast_id: int, now: datetime) -> Broadcast:
    """Go on where it stopped; nobody gets it twice."""
    broadcast = in_state(session, broadcast_id, [BroadcastState.PAUSED])
    broadcast.state_reason = None
    if broadcast.started_at is None:
        broadcast.state = BroadcastState.SCHEDULED
        return broadcast
    broadcast.state = BroadcastState.SENDING if broadcast.planned_at else BroadcastState.PLANNING
    session.flush()
    if broadcast.planned_at is None:
        enqueue_plan(session, queue, broadcast.id)
    _release(session, broadcast.id, now)
    chunks.enqueue_open(session, queue, now, broadcast.id)
    chunks.finish_broadcast(session, broadcast.id, now)
    session.refresh(broadcast)
    return broadcast


def _release(session: Session, broadcast_id: int, now: datetime) -> None:
    """Let friends go whom a chunk put aside because it was paused in the very moment it was prepared."""
    put_aside = (
        Delivery.broadcast_id == broadcast_id,
        Delivery.state == DeliveryState.QUEUED,
        Delivery.chunk_id.is_(None),
        Delivery.reason == Reason.CAMPAIGN_PAUSED,
    )
    released = update(Delivery).where(*put_aside).values(not_before=now, reason=None)
    session.execute(released.execution_options(synchronize_session=False))


def cancel(session: Session, broadcast_id: int, now: datetime) -> Broadcast:
    """End it for good: what has not left stays here. What LINE may have taken is still resolved."""
    broadcast = in_state(
        session,
        broadcast_id,
        [state for state in BroadcastState if state not in ENDED],
    )
    broadcast.state, broadcast.ended_at, broadcast.state_reason = BroadcastState.CANCELLED, now, None
    session.flush()
    # Chunks before deliveries, as sending locks them: the other way round each would wait for the other.
    session.execute(
        update(Chunk)
        .where(
            Chunk.broadcast_id == broadcast_id,
            Chunk.state.in_([ChunkState.QUEUED, ChunkState.PARKED]),
            Chunk.first_attempt_at.is_(None),
            ~exists().where(Delivery.chunk_id == Chunk.id, Delivery.state == DeliveryState.SENDING),
        )
        .values(state=ChunkState.CANCELLED, ended_at=now)
    )
    at_line = select(Chunk.id).where(
        Chunk.broadcast_id == broadcast_id,
        Chunk.state.in_([ChunkState.SENDING, ChunkState.PARKED]),
        Chunk.first_attempt_at.is_not(None),
    )
    session.execute(
        update(Delivery)
        .where(
            Delivery.broadcast_id == broadcast_id,
            Delivery.state == DeliveryState.QUEUED,
            Delivery.chunk_id.is_(None) | Delivery.chunk_id.not_in(at_line),
        )
        .values(state=DeliveryState.CANCELLED, reason="broadcast_cancelled", ended_at=now)
    )
    return broadcast


def send_test(
    session: Session, queue: JobQueue, broadcast_id: int, friend_id: int, now: datetime
) -> Delivery:
    """Send the broadcast's message to one friend at once, outside of the broadcast's own counts."""
    version_id = get(session, broadcast_id).message_version_id
    if version_id is None:
        raise Invalid("message_missing")
    return trial_sends.send(session, queue, version_id, friend_id, now)

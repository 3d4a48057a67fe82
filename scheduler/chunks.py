"""Chunks: groups of deliveries, each sent by one durable job that is enqueued with it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select, true, update
from sqlalchemy.orm import Session

from scheduler.jobs import Job, JobQueue
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Chunk,
    ChunkMode,
    ChunkState,
    Delivery,
    DeliveryState,
)

CHUNK_SIZE = 500
"""LINE's limit of recipients for one multicast."""
OPEN_DELIVERY = (DeliveryState.QUEUED, DeliveryState.SENDING)
OPEN_CHUNK = (ChunkState.QUEUED, ChunkState.SENDING)


def add_chunk(
    session: Session,
    *,
    now: datetime,
    mode: ChunkMode = ChunkMode.PUSH,
    broadcast_id: int | None = None,
    language: str | None = None,
) -> Chunk:
    """Add an empty chunk."""
    chunk = Chunk(
        broadcast_id=broadcast_id, mode=mode, language=language, created_at=now, next_attempt_at=now
    )
    session.add(chunk)
    session.flush()
    return chunk


def enqueue(
    session: Session, queue: JobQueue, chunk: Chunk, now: datetime, delay: timedelta | None = None
) -> None:
    """Put a job for `chunk` on the queue; each time under a new number, so that an old one does no harm."""
    chunk.job_number += 1
    chunk.next_attempt_at = now + (delay or timedelta())
    queue.enqueue(session, Job.SEND_CHUNK, job_id(chunk), chunk.id, delay=delay)


def job_id(chunk: Chunk) -> str:
    """Return the id of the newest job of `chunk`."""
    return f"chunk-{chunk.id}-{chunk.job_number}"


def collect_due(session: Session, queue: JobQueue, now: datetime) -> int:
    """Put queued deliveries whose time has come into chunks; return how many, at most a chunk's worth.

    What quiet hours held of a broadcast keeps to itself: pausing, cancelling and finishing it go by its chunks.
    """
    due = session.execute(
        select(Delivery.id, Delivery.broadcast_id)
        .where(
            Delivery.state == DeliveryState.QUEUED, Delivery.chunk_id.is_(None), Delivery.not_before <= now
        )
        .order_by(Delivery.not_before)
        .limit(CHUNK_SIZE)
        .with_for_update(skip_locked=True)
    ).all()
    together: dict[int | None, list[int]] = {}
    for delivery_id, broadcast_id in due:
        together.setdefault(broadcast_id, []).append(delivery_id)
    for broadcast_id, delivery_ids in together.items():
        send_as_chunk(session, queue, delivery_ids, now, broadcast_id)
    return len(due)


def send_as_chunk(
    session: Session,
    queue: JobQueue,
    delivery_ids: Sequence[int],
    now: datetime,
    broadcast_id: int | None = None,
) -> Chunk:
    """Make a chunk of pushes out of queued deliveries and enqueue its job."""
    chunk = add_chunk(session, now=now, broadcast_id=broadcast_id)
    session.execute(
        update(Delivery)
        .where(Delivery.id.in_(delivery_ids), Delivery.state == DeliveryState.QUEUED)
        .values(chunk_id=chunk.id)
    )
    enqueue(session, queue, chunk, now)
    return chunk


def finish(session: Session, chunk: Chunk, now: datetime) -> bool:
    """Close `chunk` if nothing of it is open any more, and its broadcast likewise; return whether it closed."""
    still_open = session.scalar(
        select(exists().where(Delivery.chunk_id == chunk.id, Delivery.state.in_(OPEN_DELIVERY)))
    )
    if still_open:
        return False
    chunk.state, chunk.ended_at, chunk.next_attempt_at = ChunkState.DONE, now, None
    session.flush()
    if chunk.broadcast_id is not None:
        finish_broadcast(session, chunk.broadcast_id, now)
    return True


def finish_broadcast(session: Session, broadcast_id: int, now: datetime) -> None:
    """Mark a broadcast done when it is planned to the end and nothing of it is open."""
    _finish_where(session, Broadcast.id == broadcast_id, now)


def finish_broadcasts(session: Session, now: datetime) -> int:
    """Mark done every broadcast that is; return how many.

    Two last chunks that end at once each see the other's deliveries still open: neither finishes the broadcast.
    """
    return _finish_where(session, true(), now)


def _finish_where(session: Session, which: ColumnElement[bool], now: datetime) -> int:
    has_open = exists().where(Delivery.broadcast_id == Broadcast.id, Delivery.state.in_(OPEN_DELIVERY))
    done = session.scalars(
        update(Broadcast)
        .where(which, Broadcast.state == BroadcastState.SENDING, Broadcast.planned_at.is_not(None), ~has_open)
        .values(state=BroadcastState.DONE, ended_at=now)
        .returning(Broadcast.id)
        .execution_options(synchronize_session=False)
    )
    return len(done.all())


def sweep(
    session: Session, queue: JobQueue, now: datetime, patience: timedelta = timedelta(minutes=1)
) -> int:
    """Enqueue again the chunks that should long have run but have no job alive; return how many.

    Our own rows are the truth: whatever became of the engine's records, no delivery stays behind.
    """
    late = session.scalars(
        select(Chunk)
        .outerjoin(Broadcast, Broadcast.id == Chunk.broadcast_id)
        .where(
            Chunk.state.in_(OPEN_CHUNK),
            Chunk.next_attempt_at < now - patience,
            (Broadcast.id.is_(None)) | (Broadcast.state != BroadcastState.PAUSED),
        )
        .limit(1000)
    ).all()
    alive = queue.unfinished([job_id(chunk) for chunk in late])
    lost = [chunk for chunk in late if job_id(chunk) not in alive]
    for chunk in lost:
        enqueue(session, queue, chunk, now)
    return len(lost)

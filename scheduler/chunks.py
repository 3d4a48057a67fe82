"""Chunks: groups of deliveries, sent by durable jobs that are enqueued with them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, select, true, update
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
from scheduler.waiting import OPEN_DELIVERY

CHUNK_SIZE = 500
"""LINE's limit of recipients for one multicast."""
TOGETHER = {ChunkMode.PUSH: 4, ChunkMode.MULTICAST: 20, ChunkMode.EVERYONE: 1, ChunkMode.MAIL: 1}
"""Chunks to a job: some seconds of work, so that workers share it evenly."""
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
    _enqueue_together(session, queue, [chunk], now, delay)


def enqueue_all(session: Session, queue: JobQueue, some: Sequence[Chunk], now: datetime) -> None:
    """Put chunks of one mode on the queue, several to a job: 2,000 jobs would cost more than what they send."""
    for start in range(0, len(some), most := TOGETHER[some[0].mode] if some else 1):
        _enqueue_together(session, queue, some[start : start + most], now, None)


def enqueue_open(session: Session, queue: JobQueue, now: datetime, broadcast_id: int | None = None) -> None:
    """Put every chunk that is not done on the queue, of one broadcast or, without one, of all that are not paused."""
    which = true() if broadcast_id is None else Chunk.broadcast_id == broadcast_id
    left = session.scalars(_not_paused().where(Chunk.state.in_(OPEN_CHUNK), which).order_by(Chunk.id)).all()
    for mode in ChunkMode:
        enqueue_all(session, queue, [chunk for chunk in left if chunk.mode is mode], now)


def enqueue_left(session: Session, queue: JobQueue, chunk_ids: Sequence[int], now: datetime) -> None:
    """Put what a job leaves behind on the queue again, for another process."""
    left = session.scalars(
        select(Chunk)
        .where(Chunk.id.in_(chunk_ids), Chunk.state.in_(OPEN_CHUNK))
        .order_by(Chunk.id)
        .with_for_update()
    ).all()
    enqueue_all(session, queue, left, now)


def _enqueue_together(
    session: Session, queue: JobQueue, some: Sequence[Chunk], now: datetime, delay: timedelta | None
) -> None:
    first = some[0]
    first.job_number += 1
    job_id = f"chunk-{first.id}-{first.job_number}"
    for chunk in some:
        chunk.job_id, chunk.next_attempt_at = job_id, now + (delay or timedelta())
    ids = ",".join(str(chunk.id) for chunk in some)
    job = Job.SEND_MAIL if first.mode is ChunkMode.MAIL else Job.SEND_CHUNK
    queue.enqueue(session, job, job_id, first.id if len(some) == 1 else ids, delay=delay)


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
    return not finish_all(session, [chunk], now)


def finish_all(session: Session, some: Sequence[Chunk], now: datetime) -> list[Chunk]:
    """Close those of some chunks of which nothing is open any more, and their broadcasts likewise; return the others."""
    ids = [chunk.id for chunk in some]
    is_open = (Delivery.chunk_id == Chunk.id) & Delivery.state.in_(OPEN_DELIVERY)
    still_open = set(session.scalars(select(Chunk.id).where(Chunk.id.in_(ids), exists().where(is_open))))
    done = [chunk for chunk in some if chunk.id not in still_open]
    for chunk in done:
        chunk.state, chunk.ended_at, chunk.next_attempt_at = ChunkState.DONE, now, None
    session.flush()
    for broadcast_id in {chunk.broadcast_id for chunk in done if chunk.broadcast_id is not None}:
        finish_broadcast(session, broadcast_id, now)
    return [chunk for chunk in some if chunk.id in still_open]


def finish_broadcast(session: Session, broadcast_id: int, now: datetime) -> None:
    """Mark a broadcast done when it is planned to the end and nothing of it is open."""
    # Its chunks are few: only the last of them has to look at the deliveries.
    others = select(exists().where(Chunk.broadcast_id == broadcast_id, Chunk.state.in_(OPEN_CHUNK)))
    if not session.scalar(others):
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
    ).all()
    return len(done) - _reopened(session, done, has_open)


def _reopened(session: Session, done: Sequence[int], has_open: ColumnElement[bool]) -> int:
    """Take back the end of those of which something was put in line at that very moment; return how many.

    Somebody may have had messages sent again (scheduler.uncertain) while we waited for the broadcast's row.
    """
    if not done:
        return 0
    back = update(Broadcast).where(Broadcast.id.in_(done), has_open).returning(Broadcast.id)
    values = {"state": BroadcastState.SENDING, "ended_at": None}
    return len(session.scalars(back.values(values).execution_options(synchronize_session=False)).all())


def sweep(
    session: Session, queue: JobQueue, now: datetime, patience: timedelta = timedelta(minutes=1)
) -> int:
    """Enqueue again the chunks that should long have run but have no job alive; return how many.

    Our own rows are the truth: whatever became of the engine's records, no delivery stays behind.
    """
    late = session.scalars(
        _not_paused()
        .where(Chunk.state.in_(OPEN_CHUNK), Chunk.next_attempt_at < now - patience)
        .order_by(Chunk.next_attempt_at)
        .limit(1000)
    ).all()
    alive = queue.unfinished(sorted({chunk.job_id for chunk in late if chunk.job_id}))
    lost = [chunk for chunk in late if chunk.job_id not in alive]
    for chunk in lost:
        # Each alone: one that breaks its job must not keep back the others.
        enqueue(session, queue, chunk, now)
    return len(lost)


def _not_paused() -> Select[Chunk]:
    is_free = Broadcast.id.is_(None) | (Broadcast.state != BroadcastState.PAUSED)
    return select(Chunk).outerjoin(Broadcast, Broadcast.id == Chunk.broadcast_id).where(is_free)

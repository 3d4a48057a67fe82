"""What becomes of a chunk whose run breaks: it is tried again, and what breaks it each time is singled out and parked."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from scheduler import bulk, chunks
from scheduler.dispatcher import Dispatcher
from scheduler.holding import is_held
from scheduler.jobs import JobQueue
from scheduler.models import Chunk, ChunkMode, ChunkState, Delivery, DeliveryState
from scheduler.newer import is_of_newer, wanting_newer
from scheduler.reasons import Reason
from segments.db import is_full

log = structlog.get_logger(__name__)

RUNS = 3
"""Runs that may break before a chunk is taken apart, or parked when it is one friend's."""
AGAIN = timedelta(minutes=1)
LATELY = timedelta(days=1)
PARTS = 10
"""Into how many a chunk is taken apart: three rounds from 500 friends to the one it breaks for."""
MANY = 20
"""Chunks of one broadcast that broke for good within a day, from which on no other is taken apart: it is no one friend's fault."""


def run(
    dispatcher: Dispatcher,
    chunk_ids: Sequence[int],
    together: Callable[[Dispatcher, Sequence[int]], bool],
    alone: Callable[[Dispatcher, int], None],
) -> list[int]:
    """Send some chunks of a job at once where `together` can, else one by one; keep what breaks one from the others.

    Returns those left behind because this process is about to end. A database that is away, busy or full is nobody's
    fault but the moment's: that is raised.
    """
    mine = _readable(dispatcher, chunk_ids)
    if len(mine) > 1 and _run_together(dispatcher, mine, together):
        return []
    for place, chunk_id in enumerate(mine):
        if dispatcher.ending.is_set():
            return mine[place:]
        _run(dispatcher, chunk_id, alone)
    return []


def _run_together(
    dispatcher: Dispatcher, chunk_ids: Sequence[int], together: Callable[[Dispatcher, Sequence[int]], bool]
) -> bool:
    try:
        return together(dispatcher, chunk_ids)
    except Exception as error:
        if _passes(error):
            raise
        # One of them broke it, whatever it was: each alone shows which.
        log.warning("chunks_broke_together", chunks=len(chunk_ids), trouble=type(error).__name__)
        return False


def _readable(dispatcher: Dispatcher, chunk_ids: Sequence[int]) -> list[int]:
    with dispatcher.database.reading() as session:
        too_new = wanting_newer(session, chunk_ids)
    for chunk_id in sorted(too_new):
        log.warning("chunk_of_a_newer_version", chunk=chunk_id, left="a message of a newer form")
    return [chunk_id for chunk_id in chunk_ids if chunk_id not in too_new]


def _run(dispatcher: Dispatcher, chunk_id: int, send: Callable[[Dispatcher, int], None]) -> None:
    try:
        send(dispatcher, chunk_id)
    except Exception as error:
        if is_of_newer(error):
            log.warning("chunk_of_a_newer_version", chunk=chunk_id, left=str(error).split(". Enum")[0])
            return
        if _passes(error):
            raise
        trouble, now = type(error).__name__, dispatcher.clock.now()
        with dispatcher.writing() as session:
            times = broke(session, dispatcher.queue, chunk_id, trouble, now)
        # How it came about need be told once, not of every part that is tried.
        log.warning("chunk_broke", chunk=chunk_id, trouble=trouble, times=times, exc_info=times == 1)


def _passes(error: Exception) -> bool:
    """Say whether it is over by itself: a connection that was lost, a lock not had in time, no room."""
    if isinstance(error, OSError | PoolTimeout | OperationalError | InterfaceError):
        return True
    return isinstance(error, DBAPIError) and (error.connection_invalidated or is_full(error))


def broke(session: Session, queue: JobQueue, chunk_id: int, trouble: str, now: datetime) -> int:
    """Take note that a run broke, and return how many have; after RUNS single out the friend, or park what is left."""
    chunk = session.get(Chunk, chunk_id, with_for_update=True)
    if chunk is None or chunk.state not in chunks.OPEN_CHUNK:
        return 0
    chunk.failures, chunk.trouble = chunk.failures + 1, trouble[:64]
    if chunk.failures < RUNS:
        if not is_held(session, chunk.broadcast_id):
            chunks.enqueue(session, queue, chunk, now, AGAIN)
    elif not _taken_apart(session, queue, chunk, now):
        _park(session, chunk, now)
    return chunk.failures


def _taken_apart(session: Session, queue: JobQueue, chunk: Chunk, now: datetime) -> bool:
    """Spread what has not been tried yet over smaller chunks, each friend's own together; False when it cannot be."""
    # A request to many whose body is fixed must stay as it is, and so must one to everyone.
    if chunk.mode is ChunkMode.EVERYONE or chunk.first_attempt_at is not None:
        return False
    friends = _waiting_by_friend(session, chunk)
    tried = _count(session, chunk, DeliveryState.SENDING)
    if not friends or (len(friends) == 1 and not tried) or _broken_beside(session, chunk, now) > MANY:
        return False
    size = -(-len(friends) // PARTS)
    for start in range(0, len(friends), size):
        part = chunks.add_chunk(
            session, now=now, mode=chunk.mode, broadcast_id=chunk.broadcast_id, language=chunk.language
        )
        part.failures, part.trouble = RUNS - 1, chunk.trouble
        ids = [id_ for those in friends[start : start + size] for id_ in those]
        _set(session, ids, {"chunk_id": part.id})
        chunks.enqueue(session, queue, part, now)
    log.warning("chunk_taken_apart", chunk=chunk.id, friends=len(friends))
    if not chunks.finish(session, chunk, now):
        # What LINE may have taken stays, with its first keys.
        chunk.failures = RUNS - 1
        chunks.enqueue(session, queue, chunk, now, AGAIN)
    return True


def _waiting_by_friend(session: Session, chunk: Chunk) -> list[list[int]]:
    queued = (Delivery.chunk_id == chunk.id, Delivery.state == DeliveryState.QUEUED)
    rows = session.execute(
        select(Delivery.friend_id, Delivery.id).where(*queued).order_by(Delivery.friend_id, Delivery.id)
    ).all()
    return [[id_ for _, id_ in those] for _, those in groupby(rows, key=lambda row: row[0])]


def _count(session: Session, chunk: Chunk, state: DeliveryState) -> int:
    these = (Delivery.chunk_id == chunk.id, Delivery.state == state)
    return session.scalar(select(func.count()).select_from(Delivery).where(*these)) or 0


def _broken_beside(session: Session, chunk: Chunk, now: datetime) -> int:
    same = Chunk.broadcast_id.is_not_distinct_from(chunk.broadcast_id)
    broken = (same, Chunk.failures >= RUNS, Chunk.created_at > now - LATELY)
    return session.scalar(select(func.count()).select_from(Chunk).where(*broken)) or 0


def _park(session: Session, chunk: Chunk, now: datetime) -> None:
    chunk.state, chunk.parked_at, chunk.next_attempt_at, chunk.slot_at = ChunkState.PARKED, now, None, None
    session.flush()
    waiting = update(Delivery).where(Delivery.chunk_id == chunk.id, Delivery.state.in_(chunks.OPEN_DELIVERY))
    values = {"reason": Reason.PREPARING_FAILED.value}
    session.execute(waiting.values(values).execution_options(synchronize_session=False))
    friends = _count(session, chunk, DeliveryState.QUEUED) + _count(session, chunk, DeliveryState.SENDING)
    log.error(
        "chunk_parked",
        chunk=chunk.id,
        broadcast=chunk.broadcast_id,
        deliveries=friends,
        runs=chunk.failures,
        trouble=chunk.trouble,
    )


def _set(session: Session, ids: Sequence[int], values: dict[str, object]) -> None:
    changed = update(Delivery).where(bulk.among(session, Delivery.id, ids)).values(values)
    session.execute(changed.execution_options(synchronize_session=False))

"""At most n friends a minute: each chunk of such a broadcast has its turn on a line of slots that all processes share."""

from datetime import datetime, timedelta

from sqlalchemy import case, exists, select, update
from sqlalchemy.orm import Session

from scheduler.models import Broadcast, Chunk, ChunkState, Delivery, DeliveryState, RateBucket
from segments.db import EPOCH
from segments.upsert import insert_ignore

PARTS = 6
"""Parts that a minute's number is sent in: few enough to count, small enough to be no burst."""
LATE = timedelta(seconds=1)
"""How late a turn may be taken: several missed ones taken at once would be more than n a minute."""


def chunk_size(per_minute: int | None, most: int) -> int:
    """Return how many friends one turn takes."""
    return most if per_minute is None else min(most, max(1, per_minute // PARTS))


def spacing(per_minute: int) -> timedelta:
    """Return the time between two turns, so that no minute, wherever it begins, has more than `per_minute`."""
    return (timedelta(minutes=1) + LATE) / (per_minute // chunk_size(per_minute, 500))


def has_its_turn(session: Session, chunk: Chunk, now: datetime) -> bool:
    """Tell whether `chunk` may leave now; if not, `chunk.slot_at` says when it may."""
    if chunk.broadcast_id is None or chunk.first_attempt_at is not None:
        return True
    per_minute = session.get_one(Broadcast, chunk.broadcast_id).per_minute
    if per_minute is None or _has_begun(session, chunk):
        return True
    if chunk.slot_at is None or now - chunk.slot_at > LATE:
        chunk.slot_at = _lease(session, chunk.broadcast_id, spacing(per_minute), now)
    return chunk.slot_at <= now


def _has_begun(session: Session, chunk: Chunk) -> bool:
    """Tell whether an answer of its turn is still awaited: behind the line's end its retry keys might be dead."""
    sending = exists().where(Delivery.chunk_id == chunk.id, Delivery.state == DeliveryState.SENDING)
    return chunk.state is ChunkState.SENDING and bool(session.scalar(select(sending)))


def _lease(session: Session, broadcast_id: int, length: timedelta, now: datetime) -> datetime:
    name, seconds = f"broadcast:{broadcast_id}", (now - EPOCH).total_seconds()
    insert_ignore(session, RateBucket, [{"name": name, "next_free": 0.0}])
    start = case((RateBucket.next_free > seconds, RateBucket.next_free), else_=seconds)
    lease = (
        update(RateBucket)
        .where(RateBucket.name == name)
        .values(next_free=start + length.total_seconds())
        .returning(RateBucket.next_free)
        .execution_options(synchronize_session=False)
    )
    end = session.execute(lease).scalar_one()
    return EPOCH + timedelta(seconds=end) - length

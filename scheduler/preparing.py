"""Prepares one run of a chunk: asks eligibility, renders, and writes the intent down."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import everyone, throttle
from scheduler.batches import Batch, Mails, Multicast
from scheduler.chunks import OPEN_CHUNK
from scheduler.holding import is_held
from scheduler.models import Broadcast, Chunk, ChunkMode
from scheduler.preparing_multicast import multicast, together
from scheduler.preparing_pushes import pushes
from scheduler.waiting import waiting
from segments.link_tokens import Tracking


def prepare(
    session: Session, chunk_id: int, now: datetime, zone: ZoneInfo, tracking: Tracking | None = None
) -> Batch | None:
    """Fix what this run will send, in the caller's transaction; None when there is nothing to do now.

    With `tracking`, links in messages lead through us.
    """
    chunk = session.get(Chunk, chunk_id, with_for_update=True)
    if chunk is None or chunk.state not in OPEN_CHUNK or is_held(session, chunk.broadcast_id):
        return None
    if not throttle.has_its_turn(session, chunk, now):
        return None
    if chunk.mode is ChunkMode.EVERYONE:
        return everyone.batch_of(chunk)
    if chunk.mode is ChunkMode.MAIL:
        return Mails(chunk.id)
    if chunk.mode is ChunkMode.MULTICAST:
        return multicast(session, chunk, now)
    return pushes(session, chunk, waiting(session, chunk), now, zone, tracking)


def prepare_together(session: Session, chunk_ids: Sequence[int], now: datetime) -> list[Multicast] | None:
    """Fix what several chunks will send, where they are fresh multicasts of one broadcast that has no pace of its own.

    None where they are not; those with nothing to send are left out, all of them while their broadcast is held.
    """
    these = select(Chunk).where(Chunk.id.in_(chunk_ids)).order_by(Chunk.id).with_for_update()
    found = [chunk for chunk in session.scalars(these) if chunk.state in OPEN_CHUNK]
    if len({chunk.broadcast_id for chunk in found}) != 1 or not all(map(_is_fresh, found)):
        return None
    broadcast = session.get(Broadcast, found[0].broadcast_id)
    if broadcast is None or broadcast.per_minute is not None:
        return None
    return [] if is_held(session, broadcast.id) else together(session, found, now)


def _is_fresh(chunk: Chunk) -> bool:
    return chunk.mode is ChunkMode.MULTICAST and chunk.first_attempt_at is None

"""Prepares one run of a chunk: asks eligibility, renders, and writes the intent down."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from scheduler import everyone, throttle
from scheduler.batches import Batch, Mails
from scheduler.chunks import OPEN_CHUNK
from scheduler.holding import is_held
from scheduler.models import Chunk, ChunkMode
from scheduler.preparing_multicast import multicast
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

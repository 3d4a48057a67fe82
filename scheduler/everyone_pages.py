"""Friend by friend, page by page: what became of a broadcast to everyone, or its turn into requests that name friends."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from scheduler import bulk, chunks, contacting
from scheduler.everyone import KEY_EXPIRED, PAGE, Stage
from scheduler.jobs import JobQueue
from scheduler.models import Chunk, ChunkMode, Delivery, DeliveryState
from scheduler.waiting import Waiting, of_everyone


def next_page(
    session: Session, queue: JobQueue, chunk_id: int, stage: Stage, after: int, now: datetime
) -> int | None:
    """Write down what became of the next friends, or cut them into a chunk that names them; None at the end."""
    chunk = session.get_one(Chunk, chunk_id, with_for_update=True)
    page = of_everyone(session, chunk.id, after, PAGE)
    if not page:
        chunks.finish(session, chunk, now)
        return None
    if stage is Stage.CUT:
        _name(session, queue, chunk, page, now)
    elif stage is Stage.GIVE_UP:
        _end(session, [each.id for each in page], DeliveryState.UNCERTAIN, now, reason=KEY_EXPIRED)
    elif stage is Stage.DROP:
        _end(session, [each.id for each in page], DeliveryState.CANCELLED, now, reason="broadcast_cancelled")
    else:
        _accept(session, chunk, page, now)
    return page[-1].id


def _accept(session: Session, chunk: Chunk, page: Sequence[Waiting], now: datetime) -> None:
    _end(session, [each.id for each in page], DeliveryState.ACCEPTED, now, request_id=chunk.request_id)
    contacting.tell_alike(session, [each.friend_id for each in page], page[0].purpose, now)


def _name(session: Session, queue: JobQueue, chunk: Chunk, page: Sequence[Waiting], now: datetime) -> None:
    named = chunks.add_chunk(
        session,
        now=now,
        mode=ChunkMode.MULTICAST,
        broadcast_id=chunk.broadcast_id,
        language=chunk.language,
    )
    moved = update(Delivery).where(bulk.among(session, Delivery.id, [each.id for each in page]))
    session.execute(moved.values(chunk_id=named.id).execution_options(synchronize_session=False))
    chunks.enqueue(session, queue, named, now)


def _end(session: Session, ids: Sequence[int], state: DeliveryState, now: datetime, **values: object) -> None:
    if ids:
        ended = update(Delivery).where(bulk.among(session, Delivery.id, ids))
        values = {"state": state, "reason": None, "ended_at": now} | values
        session.execute(ended.values(values).execution_options(synchronize_session=False))

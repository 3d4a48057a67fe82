"""Chunks that were parked because their runs broke each time: looked at, tried again, given up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from scheduler import chunks
from scheduler.holding import is_held
from scheduler.jobs import JobQueue
from scheduler.models import Broadcast, Chunk, ChunkState, Delivery, DeliveryState, Scenario, Step
from scheduler.reasons import Reason
from segments.errors import NotFound
from segments.models import Friend

PAGE = 50
NAMED = 5
"""Friends of a chunk that are named."""


@dataclass(frozen=True)
class Parked:
    """One parked chunk."""

    id: int
    at: datetime
    broadcast_id: int | None
    about: str
    """The broadcast's name; empty for what came from scenarios or people."""
    scenarios: Sequence[tuple[int, str, str]]
    """Of the messages of steps in it: number, name and English name."""
    messages: int
    friends: Sequence[tuple[int, str]]
    """Number and name of the first of them."""
    trouble: str
    """What broke, as programmers call it."""


def count(session: Session) -> int:
    """Return how many chunks are parked."""
    return (
        session.scalar(select(func.count()).select_from(Chunk).where(Chunk.state == ChunkState.PARKED)) or 0
    )


def newest(session: Session) -> Parked | None:
    """Return the chunk that was parked last."""
    found = session.execute(_wanted().order_by(Chunk.id.desc()).limit(1)).first()
    return _parked(session, found) if found else None


def one(session: Session, chunk_id: int) -> Parked | None:
    """Return one parked chunk; None when it is not parked."""
    found = session.execute(_wanted().where(Chunk.id == chunk_id)).first()
    return _parked(session, found) if found else None


def page(session: Session, after_id: int = 0) -> tuple[Sequence[Parked], int | None]:
    """Return some parked chunks, the oldest first, and after which the next page begins."""
    wanted = _wanted().where(Chunk.id > after_id).order_by(Chunk.id).limit(PAGE + 1)
    rows = session.execute(wanted).all()
    found = [_parked(session, row) for row in rows[:PAGE]]
    return found, found[-1].id if len(rows) > PAGE else None


def try_again(session: Session, queue: JobQueue, chunk_id: int, now: datetime) -> None:
    """Have a parked chunk run again as if it had never broken. Raises NotFound("chunk_not_parked")."""
    chunk = _locked(session, chunk_id)
    chunk.state = ChunkState.SENDING if _was_tried(session, chunk) else ChunkState.QUEUED
    chunk.failures, chunk.trouble, chunk.parked_at, chunk.next_attempt_at = 0, None, None, now
    session.flush()
    _end(session, _open(chunk), reason=None)
    if not is_held(session, chunk.broadcast_id):
        chunks.enqueue(session, queue, chunk, now)


def give_up(session: Session, chunk_id: int, now: datetime) -> int:
    """End what is in a parked chunk: failed, or uncertain where LINE may have it; return how many.

    Raises NotFound("chunk_not_parked").
    """
    chunk = _locked(session, chunk_id)
    at_line = Delivery.state == DeliveryState.SENDING
    if chunk.first_attempt_at is not None:
        at_line = or_(at_line, Delivery.state == DeliveryState.QUEUED)
    ended: dict[str, Any] = {"reason": Reason.PREPARING_FAILED.value, "ended_at": now}
    uncertain = _end(session, and_(_open(chunk), at_line), state=DeliveryState.UNCERTAIN, **ended)
    failed = _end(session, _open(chunk), state=DeliveryState.FAILED, **ended)
    chunks.finish(session, chunk, now)
    return uncertain + failed


def _wanted() -> Any:
    return (
        select(Chunk.id, Chunk.parked_at, Chunk.broadcast_id, Broadcast.name, Chunk.trouble)
        .outerjoin(Broadcast, Broadcast.id == Chunk.broadcast_id)
        .where(Chunk.state == ChunkState.PARKED)
    )


def _parked(session: Session, row: Any) -> Parked:
    id_, at, broadcast_id, about, trouble = row
    inside = (Delivery.chunk_id == id_, Delivery.state.in_(chunks.OPEN_DELIVERY))
    messages = session.scalar(select(func.count()).select_from(Delivery).where(*inside)) or 0
    friends = (
        select(Friend.id, Friend.display_name)
        .where(exists().where(Delivery.friend_id == Friend.id, *inside))
        .order_by(Friend.id)
        .limit(NAMED)
    )
    scenarios = (
        select(Scenario.id, Scenario.name, Scenario.name_en)
        .join(Step, Step.scenario_id == Scenario.id)
        .join(Delivery, Delivery.step_id == Step.id)
        .where(*inside)
        .distinct()
        .order_by(Scenario.id)
    )
    return Parked(
        id=id_,
        at=at,
        broadcast_id=broadcast_id,
        about=about or "",
        scenarios=[] if broadcast_id else [(n, ja, en) for n, ja, en in session.execute(scenarios)],
        messages=messages,
        friends=[(number, name) for number, name in session.execute(friends)],
        trouble=trouble or "",
    )


def _locked(session: Session, chunk_id: int) -> Chunk:
    chunk = session.get(Chunk, chunk_id, with_for_update=True)
    if chunk is None or chunk.state is not ChunkState.PARKED:
        raise NotFound("chunk_not_parked", id=chunk_id)
    return chunk


def _was_tried(session: Session, chunk: Chunk) -> bool:
    sending = exists().where(Delivery.chunk_id == chunk.id, Delivery.state == DeliveryState.SENDING)
    return chunk.first_attempt_at is not None or bool(session.scalar(select(sending)))


def _open(chunk: Chunk) -> ColumnElement[bool]:
    return and_(Delivery.chunk_id == chunk.id, Delivery.state.in_(chunks.OPEN_DELIVERY))


def _end(session: Session, which: ColumnElement[bool], **values: Any) -> int:
    changed = update(Delivery).where(which).values(values).returning(Delivery.id)
    return len(session.scalars(changed.execution_options(synchronize_session=False)).all())

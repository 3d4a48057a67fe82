"""Takes a friend out of this floor's tables: their deliveries, what was written to them alone, errors that name them."""

from collections.abc import Sequence

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import Session

from scheduler.models import (
    Attempt,
    Chunk,
    ChunkState,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Message,
    MessageVersion,
)
from segments.erasing import Traces
from segments.errors import Conflict
from segments.scrubbing import mentions, scrubbed


def erase(session: Session, known: Traces) -> None:
    """Delete the friend's deliveries and what they alone were told; what waits for them is never sent.

    Raises Conflict("erase_while_sending") while a message to them is on its way: LINE's answer must find its row.
    """
    _refuse_while_sending(session, known.friend_id)
    chunk_ids = _chunks(session, known.friend_id)
    version_ids = _written_to_them(session, known.friend_id)
    session.execute(delete(Delivery).where(Delivery.friend_id == known.friend_id))
    _forget_versions(session, version_ids)
    _forget_bodies(session, chunk_ids)
    for attempt in session.scalars(
        select(Attempt).where(Attempt.error.is_not(None), mentions(Attempt.error, known.keys))
    ):
        attempt.error = scrubbed(attempt.error, known.keys)
    session.flush()


def _refuse_while_sending(session: Session, friend_id: int) -> None:
    under_way = exists().where(Chunk.id == Delivery.chunk_id, Chunk.state == ChunkState.SENDING)
    going = or_(Delivery.state == DeliveryState.SENDING, (Delivery.state == DeliveryState.QUEUED) & under_way)
    if session.scalar(select(Delivery.id).where(Delivery.friend_id == friend_id, going).limit(1)) is not None:
        raise Conflict("erase_while_sending")


def _chunks(session: Session, friend_id: int) -> Sequence[int]:
    mine = select(Delivery.chunk_id).where(Delivery.friend_id == friend_id, Delivery.chunk_id.is_not(None))
    return [each for each in session.scalars(mine.distinct()) if each is not None]


def _written_to_them(session: Session, friend_id: int) -> Sequence[int]:
    """Return the wordings that a person wrote to this friend alone."""
    mine = (
        select(MessageVersion.id)
        .join(Delivery, Delivery.message_version_id == MessageVersion.id)
        .where(Delivery.friend_id == friend_id, Delivery.kind == DeliveryKind.MANUAL)
    )
    return session.scalars(mine.distinct()).all()


def _forget_versions(session: Session, version_ids: Sequence[int]) -> None:
    if not version_ids:
        return
    used = exists().where(Delivery.message_version_id == MessageVersion.id)
    own = select(Message.id).where(Message.key.is_(None), Message.kept.is_(False))
    alone = MessageVersion.id.in_(version_ids), ~used, MessageVersion.message_id.in_(own)
    message_ids = session.scalars(
        delete(MessageVersion).where(*alone).returning(MessageVersion.message_id)
    ).all()
    empty = ~exists().where(MessageVersion.message_id == Message.id)
    session.execute(delete(Message).where(Message.id.in_(message_ids), empty))


def _forget_bodies(session: Session, chunk_ids: Sequence[int]) -> None:
    """Forget the body of a request that went to this friend alone: it may speak to them by name."""
    if not chunk_ids:
        return
    shared = exists().where(Delivery.chunk_id == Chunk.id)
    session.execute(update(Chunk).where(Chunk.id.in_(chunk_ids), ~shared).values(messages=None))

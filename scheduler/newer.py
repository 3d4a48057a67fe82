"""Tells what a newer version of the program wrote, which this one cannot read and leaves to workers of that version."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.models import CONTENT_FORMAT, Broadcast, Chunk, Delivery, MessageVersion

_UNKNOWN_WORD = "is not among the defined enum values"
"""How SQLAlchemy says that a column of known words holds another one."""


def is_of_newer(error: BaseException) -> bool:
    """Say whether reading broke on a word that this version does not know yet."""
    return isinstance(error, LookupError) and _UNKNOWN_WORD in str(error)


def wants_newer(session: Session, chunk_id: int) -> bool:
    """Say whether something of a chunk is said in a form that only newer versions can write out."""
    too_new = select(MessageVersion.id).where(MessageVersion.format > CONTENT_FORMAT)
    of_broadcast = too_new.join(Broadcast, Broadcast.message_version_id == MessageVersion.id).join(
        Chunk, Chunk.broadcast_id == Broadcast.id
    )
    if session.scalar(select(Chunk.broadcast_id).where(Chunk.id == chunk_id)) is not None:
        return session.scalar(of_broadcast.where(Chunk.id == chunk_id).limit(1)) is not None
    of_others = too_new.join(Delivery, Delivery.message_version_id == MessageVersion.id)
    return session.scalar(of_others.where(Delivery.chunk_id == chunk_id).limit(1)) is not None

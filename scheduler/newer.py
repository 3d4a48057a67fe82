"""Tells what a newer version of the program wrote, which this one cannot read and leaves to workers of that version."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.models import CONTENT_FORMAT, Broadcast, Chunk, Delivery, MessageVersion

_UNKNOWN_WORD = "is not among the defined enum values"
"""How SQLAlchemy says that a column of known words holds another one."""


def is_of_newer(error: BaseException) -> bool:
    """Say whether reading broke on a word that this version does not know yet."""
    return isinstance(error, LookupError) and _UNKNOWN_WORD in str(error)


def wanting_newer(session: Session, chunk_ids: Sequence[int]) -> set[int]:
    """Return those of some chunks that say something in a form that only newer versions can write out."""
    too_new = MessageVersion.format > CONTENT_FORMAT
    of_broadcasts = (
        select(Chunk.id)
        .join(Broadcast, Broadcast.id == Chunk.broadcast_id)
        .join(MessageVersion, MessageVersion.id == Broadcast.message_version_id)
        .where(Chunk.id.in_(chunk_ids), too_new)
    )
    of_others = (
        select(Delivery.chunk_id)
        .join(Chunk, Chunk.id == Delivery.chunk_id)
        .join(MessageVersion, MessageVersion.id == Delivery.message_version_id)
        .where(Chunk.id.in_(chunk_ids), Chunk.broadcast_id.is_(None), too_new)
    )
    return set(session.scalars(of_broadcasts.union(of_others)))

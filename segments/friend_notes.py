"""Notes that the shop's people keep about a friend."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from segments.errors import Invalid, NotFound
from segments.models import Friend, FriendNote

LONGEST = 2000


def add(session: Session, friend_id: int, text: str, by: str, now: datetime) -> FriendNote:
    """Write a note down. Raises NotFound (friend_unknown) or Invalid (note_missing, note_too_long)."""
    plain = text.replace("\r\n", "\n").strip()
    if not plain:
        raise Invalid("note_missing")
    if len(plain) > LONGEST:
        raise Invalid("note_too_long", limit=LONGEST, length=len(plain))
    if session.get(Friend, friend_id) is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    note = FriendNote(friend_id=friend_id, text=plain, at=now, by=by)
    session.add(note)
    session.flush()
    return note


def remove(session: Session, friend_id: int, note_id: int) -> bool:
    """Delete a note of a friend; tell whether it was there."""
    mine = FriendNote.id == note_id, FriendNote.friend_id == friend_id
    return session.scalar(delete(FriendNote).where(*mine).returning(FriendNote.id)) is not None


def of_friend(session: Session, friend_id: int, limit: int = 20) -> Sequence[FriendNote]:
    """Return a friend's notes, the newest first."""
    mine = select(FriendNote).where(FriendNote.friend_id == friend_id)
    return session.scalars(mine.order_by(FriendNote.at.desc(), FriendNote.id.desc()).limit(limit)).all()

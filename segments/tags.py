"""Tags on friends, by name; a name comes into being when it is first used."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from segments.errors import Invalid
from segments.models import FriendTag, Tag
from segments.upsert import insert_ignore

LONGEST = 64


def tag(session: Session, friend_id: int, name: str, now: datetime, by: str) -> bool:
    """Put a tag on a friend; `by` says who, e.g. `operator:3`. Tell whether it was not there before.

    Raises Invalid("tag_invalid", name=…) for an empty or overlong name.
    """
    return tag_many(session, [friend_id], name, now, by) == 1


def tag_many(session: Session, friend_ids: Iterable[int], name: str, now: datetime, by: str) -> int:
    """Put a tag on many friends; return on how many it was not there before."""
    tag_id = ensure(session, name, now).id
    rows = [{"friend_id": one, "tag_id": tag_id, "set_at": now, "set_by": by} for one in friend_ids]
    return insert_ignore(session, FriendTag, rows)


def untag(session: Session, friend_id: int, name: str) -> bool:
    """Take a tag off a friend; tell whether it was there."""
    tag_ids = select(Tag.id).where(Tag.name == name.strip()).scalar_subquery()
    gone = delete(FriendTag).where(FriendTag.friend_id == friend_id, FriendTag.tag_id == tag_ids)
    return session.scalar(gone.returning(FriendTag.tag_id)) is not None


def ensure(session: Session, name: str, now: datetime) -> Tag:
    """Return the tag of this name, made now if need be. Raises Invalid("tag_invalid", name=…)."""
    wanted = name.strip()
    if not wanted or len(wanted) > LONGEST:
        raise Invalid("tag_invalid", name=name)
    known = session.scalar(select(Tag).where(Tag.name == wanted))
    if known is not None:
        return known
    insert_ignore(session, Tag, [{"name": wanted, "created_at": now}])
    return session.scalars(select(Tag).where(Tag.name == wanted)).one()


def names_of(session: Session, friend_id: int) -> Sequence[str]:
    """Return the names of a friend's tags in alphabetical order."""
    carried = select(Tag.name).join(FriendTag, FriendTag.tag_id == Tag.id)
    return session.scalars(carried.where(FriendTag.friend_id == friend_id).order_by(Tag.name)).all()

"""Puts tags on many friends at once."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments.models import FriendTag, Tag
from segments.upsert import insert_ignore

_AT_ONCE = 1000


def put_tags(session: Session, wanted: Iterable[tuple[int, str]], now: datetime, by: str) -> set[int]:
    """Put tags on friends, given as pairs of friend id and tag name; return the friends who got one they had not."""
    pairs = set(wanted)
    ids = _tag_ids(session, {name for _, name in pairs}, now)
    keys = {(friend_id, ids[name]) for friend_id, name in pairs}
    held: set[tuple[int, int]] = set()
    friend_ids = sorted({friend_id for friend_id, _ in keys})
    for start in range(0, len(friend_ids), _AT_ONCE):
        some = FriendTag.friend_id.in_(friend_ids[start : start + _AT_ONCE])
        held |= set(session.execute(select(FriendTag.friend_id, FriendTag.tag_id).where(some)))
    new = sorted(keys - held)
    rows = [
        {"friend_id": friend_id, "tag_id": tag_id, "set_at": now, "set_by": by} for friend_id, tag_id in new
    ]
    insert_ignore(session, FriendTag, rows)
    return {friend_id for friend_id, _ in new}


def _tag_ids(session: Session, names: set[str], now: datetime) -> dict[str, int]:
    if not names:
        return {}
    query = select(Tag.name, Tag.id).where(Tag.name.in_(names))
    known = dict(session.execute(query).all())
    missing = sorted(names - known.keys())
    if not missing:
        return known
    insert_ignore(session, Tag, [{"name": name, "created_at": now} for name in missing])
    return dict(session.execute(query).all())

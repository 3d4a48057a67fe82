"""Puts tags on many friends at once."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import tag_rows
from segments.models import Tag
from segments.upsert import insert_ignore


def put_tags(
    session: Session, wanted: Iterable[tuple[int, str]], now: datetime, by: str, *, announce: bool = False
) -> set[int]:
    """Put tags on friends, given as pairs of friend id and tag name; return the friends who got one they had not.

    With `announce` on, that is news to scenarios.
    """
    pairs = set(wanted)
    ids = _tag_ids(session, {name for _, name in pairs}, now)
    names = {tag_id: name for name, tag_id in ids.items()}
    keys = sorted((friend_id, ids[name]) for friend_id, name in pairs)
    return {friend_id for friend_id, _ in tag_rows.put(session, keys, names, now, by, announce=announce)}


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

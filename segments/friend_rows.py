"""One line of the list of friends, and how lines are read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from segments.models import Cycle, Facts, Friend, FriendTag, Tag


@dataclass(frozen=True)
class FriendRow:
    """One line of the list."""

    id: int
    name: str
    kana: str
    member_number: str | None
    picture_url: str | None
    stage: str
    blocked_at: datetime | None
    opted_out_at: datetime | None
    followed_at: datetime | None
    last_purchase_at: datetime | None
    spend_yen: int
    due_at: datetime | None
    tags: Sequence[str] = ()


_COLUMNS = (
    Friend.id,
    Friend.display_name,
    Friend.kana,
    Friend.member_number,
    Friend.picture_url,
    Facts.stage,
    Friend.blocked_at,
    Friend.opted_out_at,
    Friend.followed_at,
    Facts.last_purchase_at,
    Facts.spend_yen,
    Cycle.due_at,
)
ALL_PURCHASES = and_(Cycle.friend_id == Friend.id, Cycle.category == "")


def rows_of(session: Session, ids: Sequence[int]) -> list[FriendRow]:
    """Return lines in the order of the ids."""
    if not ids:
        return []
    query = select(*_COLUMNS).join(Facts, Facts.friend_id == Friend.id).outerjoin(Cycle, ALL_PURCHASES)
    found = {row.id: FriendRow(*row) for row in session.execute(query.where(Friend.id.in_(ids)))}
    return [found[one] for one in ids if one in found]


def with_tags(session: Session, rows: Sequence[FriendRow]) -> list[FriendRow]:
    """Return the lines with the tags their friends carry."""
    if not rows:
        return []
    named = (
        select(FriendTag.friend_id, Tag.name)
        .join(Tag, Tag.id == FriendTag.tag_id)
        .where(FriendTag.friend_id.in_([row.id for row in rows]))
        .order_by(Tag.name)
    )
    carried: dict[int, list[str]] = {}
    for friend_id, name in session.execute(named):
        carried.setdefault(friend_id, []).append(name)
    return [replace(row, tags=tuple(carried.get(row.id, ()))) for row in rows]

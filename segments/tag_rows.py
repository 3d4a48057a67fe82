"""Puts tags on friends and takes off what a rule put there, with the news of it, for many at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from segments import touching
from segments.models import CustomerEvent, EventKind, FriendTag

RULE = "rule"
"""What `FriendTag.set_by` says of a tag that a segment's rule put on."""

Key = tuple[int, int]
"""Friend id and tag id."""


def put(
    session: Session, keys: Iterable[Key], names: Mapping[int, str], now: datetime, by: str, *, announce: bool
) -> Sequence[Key]:
    """Put tags on friends; return those that were not there before, in order.

    `names` are the tags' by id. With `announce` off (an import of the past) it is no news to scenarios.
    """
    # One order for all: two at once do not wait for each other in a circle.
    rows = [
        {"friend_id": friend_id, "tag_id": tag_id, "set_at": now, "set_by": by}
        for friend_id, tag_id in sorted(set(keys))
    ]
    if not rows:
        return []
    statement = _insert(session).on_conflict_do_nothing().returning(FriendTag.friend_id, FriendTag.tag_id)
    new = sorted((row.friend_id, row.tag_id) for row in session.execute(statement, rows))
    if announce:
        tell(session, new, names, now, by)
    touching.touch(session, sorted({friend_id for friend_id, _ in new}))
    return new


def tell(session: Session, keys: Collection[Key], names: Mapping[int, str], now: datetime, by: str) -> None:
    """Raise TAGGED for tags that were newly put on."""
    news: list[dict[str, Any]] = [
        {
            "kind": EventKind.TAGGED,
            "friend_id": friend_id,
            "at": now,
            "payload": {"tag": names[tag_id], "by": by},
        }
        for friend_id, tag_id in keys
    ]
    if news:
        session.execute(insert(CustomerEvent), news)


def _insert(session: Session) -> Any:
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    return sqlite.insert(FriendTag) if on_sqlite else postgresql.insert(FriendTag)

"""What the list of friends shows, and a friend in two words for other pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.console import friend_filter
from bot.console.friend_filter import FriendFilter
from segments import friend_choice, friend_listing
from segments.db import EPOCH
from segments.friend_listing import FriendsPage
from segments.friend_rows import FriendRow
from segments.models import Friend, Segment, Tag

OFFERED = 500
"""Tags and segments at most in a list to choose from."""


@dataclass(frozen=True)
class Brief:
    """A friend in two words."""

    id: int
    name: str


@dataclass(frozen=True)
class FriendsList:
    """A page of the list with everything around it."""

    filter: FriendFilter
    page: FriendsPage
    found: int
    """How many friends there are on all pages."""
    where_words: str
    tags: Sequence[str]
    segments: Sequence[tuple[int, str]]


def listed(session: Session, asked: FriendFilter, after: str, now: datetime) -> FriendsList:
    """Return the page of the list that begins beyond `after`."""
    kept = friend_filter.checked(session, asked)
    names = session.scalars(select(Tag.name).order_by(Tag.name).limit(OFFERED)).all()
    segments = session.execute(select(Segment.id, Segment.name).order_by(Segment.name).limit(OFFERED))
    found = friend_filter.count(session, kept, now)
    return FriendsList(
        filter=kept,
        page=friend_listing.page(session, kept.choice, now, kept.order, after, found=found),
        found=found,
        where_words=friend_filter.where_words(session, kept),
        tags=names,
        segments=[(id_, name) for id_, name in segments],
    )


def search(session: Session, words: str) -> FriendsPage:
    """Return the newest friends whom the words find."""
    # Without a condition no moment matters.
    return friend_listing.page(session, friend_choice.choice(words), EPOCH)


def not_on_line(session: Session, words: str, but: int) -> Sequence[FriendRow]:
    """Return friends whom the words find and who have no LINE account, all but one."""
    rows = search(session, words).rows
    return [row for row in rows if row.followed_at is None and row.id != but]


def brief(session: Session, friend_id: int | None) -> Brief | None:
    """Return a friend's name, or None when there is no such friend."""
    friend = session.get(Friend, friend_id) if friend_id is not None else None
    return Brief(friend.id, friend.display_name) if friend else None

"""Friends who come, one or many at a time: made where they are new, named, and following, in a handful of statements."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from segments import events, facts, facts_locking, shop, touching
from segments.models import EventKind, Friend
from segments.upsert import insert_ignore


class Told(NamedTuple):
    """What LINE tells of a friend; None is what it does not tell."""

    friend: Friend
    display_name: str | None
    picture_url: str | None
    language: str | None


class Follow(NamedTuple):
    """A friend and the moment they followed."""

    friend: Friend
    at: datetime


_friends: Any = Friend.__table__.c
_STANDING = (_friends.followed_at, _friends.blocked_at, _friends.follow_state_at)
_LOCK = (
    select(_friends.id, *_STANDING)
    .where(_friends.id.in_(bindparam("friend_ids", expanding=True)))
    .order_by(_friends.id)
    .with_for_update(key_share=True)
)


def ensure(session: Session, line_user_ids: Sequence[str], now: datetime) -> dict[str, Friend]:
    """Return the friends of these ids, each with a facts row, made now if need be; two at once make one."""
    known = _found(session, line_user_ids)
    new = [each for each in dict.fromkeys(line_user_ids) if each not in known]
    if not new:
        return known
    # LINE tells most friends' language with their profile, but not everybody's.
    language = shop.load(session).language
    rows = [{"line_user_id": each, "language": language, "created_at": now} for each in new]
    insert_ignore(session, Friend, rows)
    made = _found(session, new)
    facts_locking.begin(session, sorted(friend.id for friend in made.values()), now)
    return known | made


def introduce(session: Session, told: Iterable[Told], now: datetime) -> None:
    """Keep what LINE tells of friends; a name or language it does not tell stays as it was."""
    named = list(told)
    for friend, display_name, picture_url, language in named:
        friend.display_name = display_name or friend.display_name
        friend.picture_url = picture_url
        # LINE tells `en-US` or `zh-Hant`; messages are written by language alone.
        friend.language = (language or friend.language).split("-")[0].lower()[:8]
        friend.profile_fetched_at = now
    touching.touch(session, [each.friend.id for each in named])


def follow(session: Session, follows: Sequence[Follow], now: datetime) -> dict[int, bool]:
    """Take note that friends follow, each of them once; judge them as of `now`.

    Tell of those to whom it is news whether for the first time. What is older than what is known changes nothing.
    """
    _lock(session, [each.friend for each in follows])
    news = [each for each in follows if is_news(each.friend, each.at)]
    first = {friend.id: friend.followed_at is None for friend, _at in news}
    for friend, at in news:
        friend.followed_at = friend.followed_at or at
        friend.blocked_at, friend.follow_state_at = None, at
    kinds = {True: EventKind.FOLLOWED, False: EventKind.REFOLLOWED}
    events.append_many(session, [(kinds[first[friend.id]], friend.id, at) for friend, at in news])
    ids = sorted(first)
    touching.touch(session, ids)
    facts.refresh_many(session, ids, now)
    return first


def is_news(friend: Friend, at: datetime) -> bool:
    """Tell whether `at` is later than the last follow or block applied."""
    return friend.follow_state_at is None or at > friend.follow_state_at


def _found(session: Session, line_user_ids: Sequence[str]) -> dict[str, Friend]:
    theirs = select(Friend).where(Friend.line_user_id.in_(line_user_ids))
    return {str(friend.line_user_id): friend for friend in session.scalars(theirs)}


def _lock(session: Session, friends: Sequence[Friend]) -> None:
    """Lock friends in the order of their ids; of whom somebody else changed meanwhile what we hold is read anew."""
    held = {friend.id: friend for friend in friends}
    for id_, *standing in session.connection().execute(_LOCK, {"friend_ids": list(held)}):
        friend = held[id_]
        if [friend.followed_at, friend.blocked_at, friend.follow_state_at] != standing:
            session.flush()
            session.refresh(friend)

"""Friends: who they are, whether they follow, and what they allow."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from segments import arrivals, events, facts_locking, touching, trust
from segments.models import EventKind, Friend, TrustKind


def by_line_id(session: Session, line_user_id: str) -> Friend | None:
    """Return the friend LINE knows under this id."""
    return session.scalar(select(Friend).where(Friend.line_user_id == line_user_id))


def ensure(session: Session, line_user_id: str, now: datetime) -> Friend:
    """Return the friend of this id, with a facts row, made now if need be; two at once make one."""
    return arrivals.ensure(session, [line_user_id], now)[line_user_id]


def add(session: Session, now: datetime, **values: Any) -> Friend:
    """Add a friend known from elsewhere (an import, a till), with their facts row."""
    friend = Friend(created_at=now, **values)
    session.add(friend)
    session.flush()
    facts_locking.begin(session, [friend.id], now)
    return friend


def follow(session: Session, friend: Friend, at: datetime) -> bool:
    """Take note that a friend follows since `at`; tell whether for the first time.

    News older than what is known changes nothing.
    """
    session.flush()
    return arrivals.follow(session, [arrivals.Follow(friend, at)], at).get(friend.id, False)


def block(session: Session, friend: Friend, at: datetime) -> None:
    """Take note that a friend blocked us at `at`; news older than what is known changes nothing."""
    if not _is_news(session, friend, at):
        return
    friend.blocked_at = friend.follow_state_at = at
    events.append(session, EventKind.BLOCKED, friend.id, at)
    session.flush()
    trust.enter(session, TrustKind.BLOCK, [friend.id], at)
    touching.touch(session, [friend.id])


def opt_out(session: Session, friend: Friend, now: datetime) -> None:
    """Stop all messages but answers, as the friend asked; asking twice changes nothing."""
    if _switch(session, friend, Friend.opted_out_at, to=now):
        events.append(session, EventKind.OPTED_OUT, friend.id, now)


def opt_in(session: Session, friend: Friend, now: datetime) -> None:
    """Let messages out again, as the friend asked."""
    if _switch(session, friend, Friend.opted_out_at, to=None):
        events.append(session, EventKind.OPTED_IN, friend.id, now)


def update_profile(
    session: Session,
    friend: Friend,
    *,
    display_name: str | None,
    picture_url: str | None,
    language: str | None,
    now: datetime,
) -> None:
    """Keep what LINE tells of a friend; a name or language it does not tell stays as it was."""
    arrivals.introduce(session, [arrivals.Told(friend, display_name, picture_url, language)], now)
    session.flush()


def speak(session: Session, friend: Friend, language: str) -> None:
    """Write to a friend in the language they chose."""
    friend.language = language
    session.flush()
    touching.touch(session, [friend.id])


def arrive_by(session: Session, friend: Friend, route: str, now: datetime) -> None:
    """Take note of the way a friend came; the first one known stays."""
    session.execute(
        update(Friend)
        .where(Friend.id == friend.id, Friend.route.is_(None))
        .values(route=route[:64])
        .execution_options(synchronize_session=False)
    )
    session.refresh(friend, ["route"])
    touching.touch(session, [friend.id])


def opt_out_of_offers(session: Session, friend: Friend, now: datetime) -> None:
    """Stop messages that sell and no others, as the friend asked; asking twice changes nothing."""
    if _switch(session, friend, Friend.offers_opted_out_at, to=now):
        events.append(session, EventKind.OFFERS_OPTED_OUT, friend.id, now)


def opt_in_to_offers(session: Session, friend: Friend, now: datetime) -> None:
    """Let messages that sell out again, as the friend asked."""
    if _switch(session, friend, Friend.offers_opted_out_at, to=None):
        events.append(session, EventKind.OFFERS_OPTED_IN, friend.id, now)


def _is_news(session: Session, friend: Friend, at: datetime) -> bool:
    """Lock the friend and tell whether `at` is later than the last follow or block applied."""
    session.flush()
    session.refresh(friend, with_for_update={"key_share": True})
    return arrivals.is_news(friend, at)


def _switch(session: Session, friend: Friend, wish: Any, to: datetime | None) -> bool:
    before = wish.is_not(None) if to is None else wish.is_(None)
    changed = session.execute(
        update(Friend)
        .where(Friend.id == friend.id, before)
        .values({wish: to})
        .returning(Friend.id)
        .execution_options(synchronize_session=False)
    ).first()
    session.refresh(friend, [wish.key])
    if changed is not None:
        touching.touch(session, [friend.id])
    return changed is not None

"""Who of the shop has a friend's conversation: taken over from the bot, assigned, looked at, handed back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.models import ChatState, ChatViewer, Operator, Role
from segments.errors import Invalid, NotFound
from segments.models import Friend, Setting
from segments.upsert import insert_ignore

SETTING = "inbox"
HELD_FOR = timedelta(hours=2)
HELD_AT_LEAST, HELD_AT_MOST = timedelta(minutes=10), timedelta(days=7)
SEEN_FOR = timedelta(seconds=20)
"""How long after a page last asked somebody counts as looking at it."""
SEEN_EVERY = timedelta(seconds=8)
"""Looking is written down no more often than this."""
ANSWERERS = (Role.OWNER, Role.OPERATOR)


@dataclass(frozen=True)
class Colleague:
    """Somebody who may answer friends."""

    id: int
    name: str


def state_of(session: Session, friend_id: int) -> ChatState:
    """Return how a conversation stands, locked, to be changed. Raises NotFound (friend_unknown)."""
    if session.get(Friend, friend_id) is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    insert_ignore(session, ChatState, [{"friend_id": friend_id, "language_chosen": False}])
    locked = select(ChatState).where(ChatState.friend_id == friend_id).with_for_update()
    return session.scalars(locked.execution_options(populate_existing=True)).one()


def held_for(session: Session) -> timedelta:
    """Return how long the bot keeps silent after a person last wrote, when nobody hands the conversation back."""
    setting = session.get(Setting, SETTING)
    return timedelta(minutes=int(setting.value["held_minutes"])) if setting else HELD_FOR


def set_held_for(session: Session, span: timedelta, now: datetime) -> None:
    """Change that time. Raises Invalid (held_for_invalid)."""
    if not HELD_AT_LEAST <= span <= HELD_AT_MOST:
        raise Invalid("held_for_invalid", least=10, most=7 * 24 * 60)
    setting = session.get(Setting, SETTING) or Setting(name=SETTING)
    setting.value, setting.updated_at = {"held_minutes": int(span.total_seconds() // 60)}, now
    session.add(setting)


def take_over(session: Session, friend_id: int, operator_id: int, now: datetime) -> None:
    """Let the bot be silent for a while; who took over answers, unless somebody does already."""
    state = state_of(session, friend_id)
    state.held_until = now + held_for(session)
    if state.assigned_to_id is None:
        state.assigned_to_id = operator_id


def hand_back(session: Session, friend_id: int) -> None:
    """Let the bot answer again; questions that are open stay with the people."""
    state = state_of(session, friend_id)
    state.held_until = state.with_person_since = state.told_to_wait_at = None


def assign(session: Session, friend_id: int, operator_id: int | None) -> None:
    """Say who answers a friend; None = nobody in particular. Raises NotFound (operator_unknown)."""
    if operator_id is not None and operator_id not in {each.id for each in colleagues(session)}:
        raise NotFound("operator_unknown", operator_id=operator_id)
    state_of(session, friend_id).assigned_to_id = operator_id


def colleagues(session: Session) -> Sequence[Colleague]:
    """Return who may answer friends, in the order they joined."""
    wanted = select(Operator).where(Operator.role.in_(ANSWERERS), Operator.disabled_at.is_(None))
    return [
        Colleague(each.id, each.name or each.login) for each in session.scalars(wanted.order_by(Operator.id))
    ]


def look(session: Session, friend_id: int, operator_id: int, now: datetime) -> None:
    """Write down that somebody has a conversation open. Raises NotFound (friend_unknown)."""
    if session.get(Friend, friend_id) is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    mine = (ChatViewer.operator_id == operator_id, ChatViewer.friend_id == friend_id)
    seen = select(ChatViewer.seen_at).where(*mine)
    if session.scalar(seen) is None:
        session.execute(delete(ChatViewer).where(ChatViewer.seen_at < now - timedelta(days=1)))
        row = {"operator_id": operator_id, "friend_id": friend_id, "seen_at": now}
        insert_ignore(session, ChatViewer, [row])
        return
    session.execute(update(ChatViewer).where(*mine).values(seen_at=now))


def is_noted(session: Session, friend_id: int, operator_id: int, now: datetime) -> bool:
    """Tell whether it was written down a moment ago that somebody looks."""
    seen = session.scalar(
        select(ChatViewer.seen_at).where(
            ChatViewer.operator_id == operator_id, ChatViewer.friend_id == friend_id
        )
    )
    return seen is not None and now - seen < SEEN_EVERY


def others_looking(session: Session, friend_id: int, operator_id: int, now: datetime) -> Sequence[str]:
    """Return the names of the others who have the conversation open."""
    there = (
        select(Operator.name, Operator.login)
        .join(ChatViewer, ChatViewer.operator_id == Operator.id)
        .where(ChatViewer.friend_id == friend_id, ChatViewer.operator_id != operator_id)
        .where(ChatViewer.seen_at > now - SEEN_FOR)
        .order_by(Operator.id)
    )
    return [name or login for name, login in session.execute(there)]

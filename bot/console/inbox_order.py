"""Which conversations the inbox lists, and in which order."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased

from bot.chat_answers import LEFT_TO_PEOPLE
from bot.models import ChatState, Operator
from scheduler.models import Delivery
from segments.models import Friend, Question


class Filter(StrEnum):
    """Which conversations are listed."""

    WAITING = "waiting"
    MINE = "mine"
    ALL = "all"
    CLOSED = "closed"


@dataclass(frozen=True)
class Wanted:
    """What the address asks for: a filter, a name, and where the page starts."""

    which: Filter
    words: str
    operator_id: int
    after: int = 0


def failed_answers() -> Select[int]:
    """Return the friends to whom an answer did not arrive, or nobody can tell."""
    return (
        select(ChatState.friend_id)
        .join(Delivery, Delivery.id == ChatState.answer_delivery_id)
        .where(ChatState.answer_delivery_id.is_not(None), Delivery.state.in_(LEFT_TO_PEOPLE))
    )


def _open() -> Any:
    return (
        select(
            Question.friend_id,
            func.min(Question.asked_at).label("since"),
            func.count().label("questions"),
        )
        .where(Question.answered_at.is_(None))
        .group_by(Question.friend_id)
        .subquery()
    )


def _closed() -> Any:
    still_open = aliased(Question)
    return (
        select(Question.friend_id, func.max(Question.answered_at).label("closed_at"))
        .where(Question.answered_at.is_not(None))
        .where(
            ~select(still_open.id)
            .where(still_open.friend_id == Question.friend_id, still_open.answered_at.is_(None))
            .exists()
        )
        .group_by(Question.friend_id)
        .subquery()
    )


def ordered(wanted: Wanted) -> Select[*tuple[Any, ...]]:
    """Return the query of the conversations that the address asks for."""
    waiting, failed = _open(), failed_answers().subquery()
    rows = _rows(waiting, failed)
    if wanted.words:
        rows = rows.where(_named(wanted.words))
    if wanted.which is Filter.WAITING:
        asked = select(Question.friend_id).where(Question.answered_at.is_(None))
        # Named by id, so that the few who wait are looked up instead of everybody.
        return rows.where(Friend.id.in_(asked.union(failed_answers()))).order_by(
            func.coalesce(waiting.c.since, Friend.last_wrote_at), Friend.id
        )
    if wanted.which is Filter.MINE:
        waits = or_(waiting.c.since.is_not(None), failed.c.friend_id.is_not(None))
        mine = rows.where(ChatState.assigned_to_id == wanted.operator_id)
        return mine.order_by(waits.desc(), Friend.last_wrote_at.desc(), Friend.id)
    if wanted.which is Filter.CLOSED:
        closed = _closed()
        done = rows.join(closed, closed.c.friend_id == Friend.id).where(failed.c.friend_id.is_(None))
        return done.order_by(closed.c.closed_at.desc(), Friend.id)
    return rows.where(Friend.last_wrote_at.is_not(None)).order_by(Friend.last_wrote_at.desc(), Friend.id)


def _rows(waiting: Any, failed: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Friend.id,
            Friend.display_name,
            Friend.picture_url,
            func.coalesce(func.nullif(Operator.name, ""), Operator.login, ""),
            ChatState.held_until,
            Friend.last_wrote_at,
            waiting.c.since,
            func.coalesce(waiting.c.questions, 0),
            failed.c.friend_id.is_not(None),
        )
        .outerjoin(ChatState, ChatState.friend_id == Friend.id)
        .outerjoin(Operator, Operator.id == ChatState.assigned_to_id)
        .outerjoin(waiting, waiting.c.friend_id == Friend.id)
        .outerjoin(failed, failed.c.friend_id == Friend.id)
    )


def _named(words: str) -> ColumnElement[bool]:
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = f"%{escaped}%"
    return or_(
        Friend.display_name.ilike(pattern, escape="\\"),
        Friend.kana.ilike(pattern, escape="\\"),
        Friend.member_number == words,
    )

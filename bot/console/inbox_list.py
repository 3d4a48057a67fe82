"""The list of conversations: who waits longest, whose I answer, everybody, and those that are done."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from bot.chat_answers import LEFT_TO_PEOPLE
from bot.models import ChatState, Operator
from scheduler.models import Delivery
from segments.models import ChatMessage, Direction, Friend, Question

PAGE = 40


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


@dataclass(frozen=True)
class Row:
    """One conversation of the list."""

    friend_id: int
    name: str
    picture_url: str | None
    assigned: str
    held_until: datetime | None
    at: datetime | None
    """When the friend last wrote."""
    waiting_since: datetime | None = None
    open_questions: int = 0
    failed: bool = False
    """Whether an answer of ours did not arrive, or nobody can tell."""
    said: str = ""
    said_kind: str = "text"
    from_us: bool = False
    unsent: bool = False


@dataclass(frozen=True)
class Listing:
    """A page of the list, how many wait in all, and where the next page starts."""

    rows: Sequence[Row]
    waiting: int
    mine: int
    next: int | None


def listing(session: Session, wanted: Wanted) -> Listing:
    """Return the conversations that the address asks for."""
    found = session.execute(_ordered(wanted).limit(PAGE + 1).offset(wanted.after)).all()
    rows = [_row(each) for each in found[:PAGE]]
    more = wanted.after + PAGE if len(found) > PAGE else None
    return Listing(
        _with_last_words(session, rows), waiting_count(session), mine_count(session, wanted.operator_id), more
    )


def waiting_count(session: Session) -> int:
    """Return how many friends wait for a person, answers that failed included."""
    asked = select(Question.friend_id).where(Question.answered_at.is_(None))
    return session.scalar(select(func.count()).select_from(asked.union(_failed()).subquery())) or 0


def mine_count(session: Session, operator_id: int) -> int:
    """Return how many conversations are assigned to an operator."""
    mine = select(func.count()).select_from(ChatState).where(ChatState.assigned_to_id == operator_id)
    return session.scalar(mine) or 0


def _failed() -> Select[int]:
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


def _ordered(wanted: Wanted) -> Select[*tuple[Any, ...]]:
    waiting, failed = _open(), _failed().subquery()
    rows = (
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
    if wanted.words:
        rows = rows.where(_named(wanted.words))
    waits = or_(waiting.c.since.is_not(None), failed.c.friend_id.is_not(None))
    if wanted.which is Filter.WAITING:
        asked = select(Question.friend_id).where(Question.answered_at.is_(None))
        # Named by id, so that the few who wait are looked up instead of everybody.
        return rows.where(Friend.id.in_(asked.union(_failed()))).order_by(
            func.coalesce(waiting.c.since, Friend.last_wrote_at), Friend.id
        )
    if wanted.which is Filter.MINE:
        mine = rows.where(ChatState.assigned_to_id == wanted.operator_id)
        return mine.order_by(waits.desc(), Friend.last_wrote_at.desc(), Friend.id)
    if wanted.which is Filter.CLOSED:
        closed = _closed()
        done = rows.join(closed, closed.c.friend_id == Friend.id).where(failed.c.friend_id.is_(None))
        return done.order_by(closed.c.closed_at.desc(), Friend.id)
    return rows.where(Friend.last_wrote_at.is_not(None)).order_by(Friend.last_wrote_at.desc(), Friend.id)


def _named(words: str) -> ColumnElement[bool]:
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = f"%{escaped}%"
    return or_(
        Friend.display_name.ilike(pattern, escape="\\"),
        Friend.kana.ilike(pattern, escape="\\"),
        Friend.member_number == words,
    )


def _row(found: Any) -> Row:
    friend_id, name, picture, assigned, held, at, since, questions, failed = found
    return Row(
        friend_id=friend_id,
        name=name,
        picture_url=picture,
        assigned=assigned,
        held_until=held,
        at=at,
        waiting_since=since,
        open_questions=questions,
        failed=bool(failed),
    )


def _with_last_words(session: Session, rows: Sequence[Row]) -> Sequence[Row]:
    newest = aliased(ChatMessage)
    last = (
        select(newest.id)
        .where(newest.friend_id == Friend.id)
        .order_by(newest.at.desc(), newest.id.desc())
        .limit(1)
        .correlate(Friend)
        .scalar_subquery()
    )
    found = session.execute(
        select(
            ChatMessage.friend_id,
            ChatMessage.text,
            ChatMessage.kind,
            ChatMessage.direction,
            ChatMessage.unsent_at,
        )
        .select_from(Friend)
        .join(ChatMessage, and_(ChatMessage.friend_id == Friend.id, ChatMessage.id == last))
        .where(Friend.id.in_([row.friend_id for row in rows]))
    ).all()
    said = {friend_id: rest for friend_id, *rest in cast("list[tuple[Any, ...]]", found)}
    return [_saying(row, said.get(row.friend_id)) for row in rows]


def _saying(row: Row, said: list[Any] | None) -> Row:
    if said is None:
        return row
    text, kind, direction, unsent_at = said
    return replace(
        row, said=text[:80], said_kind=kind, from_us=direction is Direction.OUT, unsent=unsent_at is not None
    )

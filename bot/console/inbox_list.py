"""A page of the list of conversations, with what was said last in each; their order is inbox_order's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from bot.console.inbox_order import Wanted, failed_answers, ordered
from bot.models import ChatState
from segments.models import ChatMessage, Direction, Friend, Question

PAGE = 40


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
    found = session.execute(ordered(wanted).limit(PAGE + 1).offset(wanted.after)).all()
    rows = [_row(each) for each in found[:PAGE]]
    more = wanted.after + PAGE if len(found) > PAGE else None
    return Listing(
        _with_last_words(session, rows), waiting_count(session), mine_count(session, wanted.operator_id), more
    )


def waiting_count(session: Session) -> int:
    """Return how many friends wait for a person, answers that failed included."""
    asked = select(Question.friend_id).where(Question.answered_at.is_(None))
    return session.scalar(select(func.count()).select_from(asked.union(failed_answers()).subquery())) or 0


def mine_count(session: Session, operator_id: int) -> int:
    """Return how many conversations are assigned to an operator."""
    mine = select(func.count()).select_from(ChatState).where(ChatState.assigned_to_id == operator_id)
    return session.scalar(mine) or 0


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

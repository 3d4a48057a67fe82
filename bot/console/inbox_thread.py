"""One conversation as the inbox shows it: a page of its entries, who has it, what an answer takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from bot import chat_answers, chat_desk
from bot.console.inbox_cost import Cost, cost
from bot.console.inbox_items import Item, items_of
from bot.console.inbox_sent import PAGE
from bot.models import ChatState, Operator
from segments.errors import NotFound
from segments.models import ChatMessage, Friend, Question


@dataclass(frozen=True)
class Thread:
    """A friend's conversation and how it stands."""

    friend: Friend
    items: Sequence[Item]
    older: int | None
    """The message before which older ones start; None when all are shown."""
    held_until: datetime | None
    asked_for_person: bool
    assigned_to: int | None
    assigned_name: str
    cost: Cost
    newest_answer: int
    newest_question: int
    open_questions: int
    others: Sequence[str]
    undecided: bool


def thread(
    session: Session, friend_id: int, operator_id: int, now: datetime, before: int | None = None
) -> Thread:
    """Return a conversation. Raises NotFound (friend_unknown)."""
    friend = session.get(Friend, friend_id)
    if friend is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    state = session.get(ChatState, friend_id)
    messages, older = _messages(session, friend_id, before)
    since = messages[0].at if messages and older else None
    until = messages[-1].at if messages and before else None
    questions = _open_questions(session, friend_id)
    undecided = state.answer_delivery_id if state else None
    items = items_of(session, friend_id, messages, (since, until), set(questions.values()), undecided or 0)
    holder = session.get(Operator, state.assigned_to_id) if state and state.assigned_to_id else None
    return Thread(
        friend=friend,
        items=items,
        older=older,
        held_until=state.held_until if state and state.held_until and state.held_until > now else None,
        asked_for_person=bool(state and state.with_person_since and questions),
        assigned_to=holder.id if holder else None,
        assigned_name=(holder.name or holder.login) if holder else "",
        cost=cost(session, friend_id, state, now),
        newest_answer=chat_answers.newest(session, friend_id),
        newest_question=max(questions, default=0),
        open_questions=len(questions),
        others=chat_desk.others_looking(session, friend_id, operator_id, now),
        undecided=any(item.to_decide for item in items),
    )


def _messages(session: Session, friend_id: int, before: int | None) -> tuple[list[ChatMessage], int | None]:
    """Return a page of messages, the oldest first, and the id before which older ones start."""
    wanted = select(ChatMessage).where(ChatMessage.friend_id == friend_id)
    edge = session.get(ChatMessage, before) if before else None
    if edge is not None:
        earlier = and_(ChatMessage.at == edge.at, ChatMessage.id < edge.id)
        wanted = wanted.where(or_(ChatMessage.at < edge.at, earlier))
    newest_first = wanted.order_by(ChatMessage.at.desc(), ChatMessage.id.desc()).limit(PAGE + 1)
    found = list(session.scalars(newest_first))
    shown = found[:PAGE][::-1]
    return shown, shown[0].id if len(found) > PAGE else None


def _open_questions(session: Session, friend_id: int) -> dict[int, int | None]:
    """Return the friend's open questions with the messages they were asked in."""
    theirs = select(Question.id, Question.message_id).where(
        Question.friend_id == friend_id, Question.answered_at.is_(None)
    )
    return {row.id: row.message_id for row in session.execute(theirs)}

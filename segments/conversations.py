"""What was said in a friend's chat, both ways, and questions that wait for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session

from segments import signals, surveys, trust
from segments.errors import NotFound
from segments.models import ChatMedia, ChatMessage, Direction, Friend, Question, TrustKind
from segments.upsert import insert_ignore


def heard(
    session: Session,
    friend: Friend,
    *,
    kind: str,
    text: str,
    content: dict[str, Any] | None,
    line_message_id: str | None,
    at: datetime,
) -> ChatMessage:
    """Keep what a friend sent (`kind` is LINE's message type, or `postback`); the same message twice is one."""
    row = {
        "friend_id": friend.id,
        "direction": Direction.IN,
        "kind": kind,
        "text": text,
        "content": content,
        "line_message_id": line_message_id,
        "at": at,
    }
    message, is_new = _stored(session, row)
    if is_new:
        _wrote_last(session, friend, at)
        # A tap on a button of ours is a reaction (signals.tapped), not something written.
        if kind != "postback":
            signals.wrote(session, friend.id, at, message_id=message.id, kind=kind)
    return message


def said(
    session: Session,
    friend_id: int,
    *,
    kind: str,
    text: str,
    content: dict[str, Any] | None,
    delivery_id: int | None,
    at: datetime,
) -> ChatMessage:
    """Keep one message object that went to a friend; whoever records the delivery's outcome calls it once."""
    message = ChatMessage(
        friend_id=friend_id,
        direction=Direction.OUT,
        kind=kind,
        text=text,
        content=content,
        delivery_id=delivery_id,
        at=at,
    )
    session.add(message)
    session.flush()
    return message


@dataclass(frozen=True)
class Said:
    """One message object that went to a friend, as `said` keeps it."""

    friend_id: int
    kind: str
    text: str
    content: dict[str, Any] | None
    delivery_id: int | None
    at: datetime


def said_many(session: Session, messages: Sequence[Said]) -> None:
    """Keep many message objects at once."""
    if messages:
        session.execute(insert(ChatMessage), [vars(each) | {"direction": Direction.OUT} for each in messages])


def unsend(session: Session, line_message_id: str, at: datetime) -> bool:
    """Forget what a friend took back: text, content, picture and survey answers go, that there was something stays.

    Tell whether it was known.
    """
    taken_back = (
        update(ChatMessage)
        .where(ChatMessage.line_message_id == line_message_id)
        .values(text="", content=None, unsent_at=at)
        .returning(ChatMessage.friend_id, ChatMessage.id)
    )
    known = session.execute(taken_back).first()
    if known is not None:
        surveys.forget(session, known.friend_id, known.id)
        session.execute(delete(ChatMedia).where(ChatMedia.message_id == known.id))
    return known is not None


def ask(session: Session, friend: Friend, message: ChatMessage, at: datetime) -> Question:
    """Put a friend's message before a person; the same message asks once."""
    row = {"friend_id": friend.id, "message_id": message.id, "asked_at": at}
    created = insert_ignore(session, Question, [row])
    question = session.scalars(select(Question).where(Question.message_id == message.id)).one()
    if created:
        signals.inquire(session, friend.id, at, question_id=question.id)
    return question


def answer(session: Session, question_id: int, by: str, at: datetime) -> bool:
    """Take note that `by` answered; tell whether it was still open. Raises NotFound("question_unknown")."""
    answered = (
        update(Question)
        .where(Question.id == question_id, Question.answered_at.is_(None))
        .values(answered_at=at, answered_by=by)
        .returning(Question.friend_id)
    )
    friend_id = session.scalar(answered)
    if friend_id is not None:
        trust.enter(session, TrustKind.ANSWERED, [friend_id], at, cause=f"question:{question_id}")
        return True
    if session.get(Question, question_id) is None:
        raise NotFound("question_unknown", question_id=question_id)
    return False


def _stored(session: Session, row: dict[str, Any]) -> tuple[ChatMessage, bool]:
    """Store a message once under LINE's id (each time when it has none); tell whether it is new."""
    if row["line_message_id"] is None:
        message = ChatMessage(**row)
        session.add(message)
        session.flush()
        return message, True
    is_new = insert_ignore(session, ChatMessage, [row]) == 1
    same = ChatMessage.line_message_id == row["line_message_id"]
    return session.scalars(select(ChatMessage).where(same)).one(), is_new


def _wrote_last(session: Session, friend: Friend, at: datetime) -> None:
    session.execute(
        update(Friend)
        .where(Friend.id == friend.id, or_(Friend.last_wrote_at.is_(None), Friend.last_wrote_at < at))
        .values(last_wrote_at=at)
        .execution_options(synchronize_session=False)
    )
    session.refresh(friend, ["last_wrote_at"])

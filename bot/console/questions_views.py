"""Questions that wait for a person, and those just dealt with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.models import Delivery, DeliveryState
from segments.models import ChatMessage, Friend, Question

PAGE = 50


@dataclass(frozen=True)
class QuestionRow:
    """One question with the friend and the words it was asked in."""

    id: int
    friend_id: int
    friend_name: str
    text: str
    asked_at: datetime
    answered_at: datetime | None
    answered_by: str | None
    delivery_state: DeliveryState | None
    """What became of the answer, when it was sent from here."""
    delivery_reason: str | None


def waiting(session: Session, after_id: int = 0) -> tuple[Sequence[QuestionRow], int | None]:
    """Return a page of unanswered questions, the longest waiting first, and where the next page starts."""
    wanted = _rows().where(Question.answered_at.is_(None), Question.id > after_id).order_by(Question.id)
    rows = [QuestionRow(*row) for row in session.execute(wanted.limit(PAGE + 1))]
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def lately_answered(session: Session, limit: int = 10) -> Sequence[QuestionRow]:
    """Return the questions answered last."""
    wanted = _rows().where(Question.answered_at.is_not(None)).order_by(Question.answered_at.desc())
    return [QuestionRow(*row) for row in session.execute(wanted.limit(limit))]


def _rows():
    return (
        select(
            Question.id,
            Friend.id,
            Friend.display_name,
            ChatMessage.text,
            Question.asked_at,
            Question.answered_at,
            Question.answered_by,
            Delivery.state,
            Delivery.reason,
        )
        .join(Friend, Friend.id == Question.friend_id)
        .outerjoin(Delivery, Delivery.id == Question.answer_delivery_id)
        .outerjoin(ChatMessage, ChatMessage.id == Question.message_id)
    )

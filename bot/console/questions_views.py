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


@dataclass(frozen=True)
class Asker:
    """One friend with the questions they wait for, the newest last."""

    friend_id: int
    name: str
    questions: list[QuestionRow]

    @property
    def last_id(self) -> int:
        """The newest question shown: one that comes later is not meant by 「まとめて」."""
        return self.questions[-1].id


def by_friend(rows: Sequence[QuestionRow]) -> list[Asker]:
    """Return questions put together by who asked; who has waited longest comes first."""
    askers: dict[int, Asker] = {}
    for row in rows:
        asker = askers.setdefault(row.friend_id, Asker(row.friend_id, row.friend_name, []))
        asker.questions.append(row)
    return list(askers.values())


def open_questions(session: Session, friend_id: int, up_to_id: int) -> Sequence[int]:
    """Return the ids of a friend's unanswered questions up to one."""
    theirs = (Question.friend_id == friend_id, Question.answered_at.is_(None), Question.id <= up_to_id)
    return session.scalars(select(Question.id).where(*theirs).order_by(Question.id)).all()


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

"""A person answers a friend's question: sent, noted, and the conversation handed back to the bot."""

from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from bot.models import ChatState
from scheduler import manual
from scheduler.jobs import JobQueue
from scheduler.models import Delivery
from segments import conversations
from segments.errors import Conflict, NotFound
from segments.models import Question


def answer(
    session: Session, queue: JobQueue, question_id: int, text: str, by: str, now: datetime
) -> Delivery:
    """Send `text` as the answer to a question and note who gave it.

    Raises NotFound (question_unknown), Conflict (question_answered: the second of two clicks sends nothing;
    answer_impossible) or Invalid (answer_missing, answer_too_long); nothing is noted then.
    """
    question = session.get(Question, question_id)
    if question is None:
        raise NotFound("question_unknown", question_id=question_id)
    if not conversations.answer(session, question_id, by, now):
        raise Conflict("question_answered")
    delivery = manual.write(session, queue, question.friend_id, text, by, now)
    question.answer_delivery_id = delivery.id
    session.flush()
    hand_back(session, question.friend_id)
    return delivery


def hand_back(session: Session, friend_id: int) -> None:
    """Let the bot answer a friend again, once no question of theirs is open."""
    still_open = exists().where(Question.friend_id == friend_id, Question.answered_at.is_(None))
    if session.scalar(select(still_open)):
        return
    session.execute(
        update(ChatState)
        .where(ChatState.friend_id == friend_id)
        .values(with_person_since=None, told_to_wait_at=None)
    )

"""Survey answers (アンケート): every answer is kept, the latest of each question counts."""

import re
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from segments import events, facts, facts_locking, touching
from segments.errors import Invalid
from segments.models import CustomerEvent, EventKind, SurveyAnswer

QUESTION_LIMIT, ANSWER_LIMIT = 64, 2000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SAME_TAP = timedelta(days=1)
"""Buttons stay in the chat and are tapped again: the same answer within a day is the same answer."""


def answer(
    session: Session,
    friend_id: int,
    question: str,
    said: str,
    at: datetime,
    *,
    message_id: int | None = None,
    now: datetime | None = None,
) -> SurveyAnswer | None:
    """Keep a friend's answer to a question; None when it repeats the one just given.

    Answering makes a prospect, as asking does. `message_id` is the chat message of an answer in the friend's
    own words: those stay out of the timeline, and go when the friend takes the message back. `now` is when we
    learn of it, `at` when it was said. Raises Invalid (survey_question_invalid, survey_answer_invalid) or
    NotFound("friend_unknown").
    """
    question, said = _checked(question, said)
    known = facts_locking.lock_one(session, friend_id).facts
    if _repeats(session, friend_id, question, said, at):
        return None
    kept = SurveyAnswer(friend_id=friend_id, question=question, answer=said, at=at)
    session.add(kept)
    session.flush()
    words = {"answer": said} if message_id is None else {"message_id": message_id}
    events.append(session, EventKind.ANSWERED, friend_id, at, question=question, answer_id=kept.id, **words)
    known.answer_count += 1
    touching.touch(session, [friend_id])
    facts.note(session, friend_id, now or at, inquired_at=at)
    return kept


def is_question(text: str) -> bool:
    """Tell whether a text, without blanks around it, can be a question's."""
    return 0 < len(text) <= QUESTION_LIMIT and not _CONTROL.search(text)


def latest(session: Session, friend_id: int) -> dict[str, SurveyAnswer]:
    """Return the answer that counts to each question a friend has answered."""
    place = func.row_number().over(
        partition_by=SurveyAnswer.question, order_by=(SurveyAnswer.at.desc(), SurveyAnswer.id.desc())
    )
    ranked = (
        select(SurveyAnswer.id, place.label("place")).where(SurveyAnswer.friend_id == friend_id).subquery()
    )
    newest = select(SurveyAnswer).join(ranked, ranked.c.id == SurveyAnswer.id).where(ranked.c.place == 1)
    return {each.question: each for each in session.scalars(newest.order_by(SurveyAnswer.question))}


def forget(session: Session, friend_id: int, message_id: int) -> None:
    """Forget the words of answers given with a message that the friend took back; that they answered stays."""
    told = (
        select(CustomerEvent.payload["answer_id"].as_integer())
        .where(
            CustomerEvent.friend_id == friend_id,
            CustomerEvent.kind == EventKind.ANSWERED,
            CustomerEvent.payload["message_id"].as_integer() == message_id,
        )
    )  # fmt: skip
    ids = [each for each in session.scalars(told) if each is not None]
    if ids:
        session.execute(update(SurveyAnswer).where(SurveyAnswer.id.in_(ids)).values(answer=""))
        touching.touch(session, [friend_id])


def _checked(question: str, said: str) -> tuple[str, str]:
    question, said = question.strip(), said.strip()
    if not is_question(question):
        raise Invalid("survey_question_invalid", limit=QUESTION_LIMIT)
    if not 0 < len(said) <= ANSWER_LIMIT or "\x00" in said:
        raise Invalid("survey_answer_invalid", limit=ANSWER_LIMIT)
    return question, said


def _repeats(session: Session, friend_id: int, question: str, said: str, at: datetime) -> bool:
    before = (
        select(SurveyAnswer.answer, SurveyAnswer.at)
        .where(SurveyAnswer.friend_id == friend_id, SurveyAnswer.question == question, SurveyAnswer.at <= at)
        .order_by(SurveyAnswer.at.desc(), SurveyAnswer.id.desc())
        .limit(1)
    )
    row = session.execute(before).first()
    return row is not None and row[0] == said and at - row[1] < SAME_TAP

"""Complaints: found by a person among the questions and recorded once each, a friend's told, taken back when they were none."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import facts_locking, signals
from segments.errors import NotFound
from segments.models import CustomerEvent, EventKind, Question


def of_questions(session: Session, friend_ids: Collection[int]) -> dict[int, int]:
    """Return the events of friends' complaints that count, by the question they were found in."""
    counted = CustomerEvent.friend_id.in_(friend_ids), CustomerEvent.kind == EventKind.COMPLAINED
    told = session.execute(select(CustomerEvent.id, CustomerEvent.payload).where(*counted))
    return {payload["question_id"]: event_id for event_id, payload in told if "question_id" in payload}


def record(session: Session, question_id: int, by: str, now: datetime) -> bool:
    """Record a question as a complaint made when it was asked; tell whether it was none yet.

    Raises NotFound("question_unknown").
    """
    question = _locked(session, question_id)
    if question_id in of_questions(session, [question.friend_id]):
        return False
    at = question.asked_at
    return signals.complain(session, question.friend_id, at, now=now, question_id=question_id, by=by)


def withdraw(session: Session, question_id: int, by: str, now: datetime) -> bool:
    """Take a question's complaint back; tell whether there was one. Raises NotFound("question_unknown")."""
    question = _locked(session, question_id)
    event_id = of_questions(session, [question.friend_id]).get(question_id)
    return event_id is not None and signals.withdraw_complaint(session, event_id, by, now)


def of_friend(session: Session, friend_id: int, limit: int = 20) -> Sequence[CustomerEvent]:
    """Return a friend's complaints that count, wherever they came from, the newest first."""
    counted = CustomerEvent.friend_id == friend_id, CustomerEvent.kind == EventKind.COMPLAINED
    newest = select(CustomerEvent).where(*counted).order_by(CustomerEvent.at.desc(), CustomerEvent.id.desc())
    return session.scalars(newest.limit(limit)).all()


def withdraw_of_friend(session: Session, friend_id: int, event_id: int, by: str, now: datetime) -> bool:
    """Take one of a friend's complaints back; tell whether it still counted. Raises NotFound("complaint_unknown")."""
    told = session.get(CustomerEvent, event_id) if 0 < event_id < 2**63 else None
    if told is None or told.friend_id != friend_id:
        raise NotFound("complaint_unknown", event_id=event_id)
    return signals.withdraw_complaint(session, event_id, by, now)


def _locked(session: Session, question_id: int) -> Question:
    """Return a question whose friend's facts are locked: of two clicks at once the second sees the first."""
    question = session.get(Question, question_id)
    if question is None:
        raise NotFound("question_unknown", question_id=question_id)
    facts_locking.lock_one(session, question.friend_id)
    return question

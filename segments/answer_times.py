"""How long friends waited for an answer to what they asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments.models import Question

SOON = timedelta(hours=24)


@dataclass(frozen=True)
class Answered:
    """One question that was answered."""

    at: datetime
    waited: timedelta


@dataclass(frozen=True)
class AnswerTimes:
    """The questions of a period."""

    asked: Sequence[datetime]
    answered: Sequence[Answered]


def times(session: Session, since: datetime, until: datetime) -> AnswerTimes:
    """Return the questions asked, and those answered, from `since` up to but not at `until`."""
    asked = select(Question.asked_at).where(Question.asked_at >= since, Question.asked_at < until)
    answered = select(Question.asked_at, Question.answered_at).where(
        Question.answered_at >= since, Question.answered_at < until
    )
    return AnswerTimes(
        session.scalars(asked).all(),
        [Answered(at, max(at - began, timedelta())) for began, at in session.execute(answered) if at],
    )


def middle_hours(answered: Sequence[Answered]) -> float | None:
    """Return the median of the waiting times in hours; None without answers."""
    return median(each.waited / timedelta(hours=1) for each in answered) if answered else None


def soon_share(answered: Sequence[Answered]) -> float | None:
    """Return the share that was answered within a day, 0 to 1; None without answers."""
    return sum(each.waited <= SOON for each in answered) / len(answered) if answered else None

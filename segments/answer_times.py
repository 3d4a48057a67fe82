"""How long friends waited for an answer to what they asked; moments as microseconds since 1970, for there are many."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, cast

import numpy as np
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from segments.local_times import Ints, micros
from segments.models import Question

MINUTE = 60_000_000
SOON = 24 * 60 * MINUTE


@dataclass(frozen=True)
class AnswerTimes:
    """The questions of a period."""

    asked: Ints
    """When they were asked."""
    answered: Ints
    """When answers were given."""
    waited: Ints
    """How long after the question each of these was."""


def times(session: Session, since: datetime, until: datetime) -> AnswerTimes:
    """Return the questions asked, and those answered, from `since` up to but not at `until`."""
    asked_at, answered_at = micros(session, Question.asked_at), micros(session, Question.answered_at)
    asked = select(asked_at).where(Question.asked_at >= since, Question.asked_at < until)
    answered = select(asked_at, answered_at).where(
        Question.answered_at >= since, Question.answered_at < until
    )
    (asked_column,) = _columns(session, asked)
    began, ended = _columns(session, answered)
    return AnswerTimes(asked_column, ended, np.maximum(ended - began, 0))


def middle_minutes(waited: Ints) -> float | None:
    """Return the median of waiting times in minutes; None without answers."""
    return float(np.median(waited)) / MINUTE if len(waited) else None


def soon_share(waited: Ints) -> float | None:
    """Return the share that was answered within a day, 0 to 1; None without answers."""
    return float((waited <= SOON).mean()) if len(waited) else None


def _columns(session: Session, query: Select[*tuple[Any, ...]]) -> Ints:
    """Return the columns of a query of whole numbers; the driver's own tuples need no conversion."""
    session.flush()  # what follows goes by the connection itself
    with session.connection().execute(query) as result:
        numbers = chain.from_iterable(cast("Iterable[tuple[int, ...]]", result.cursor))
        return np.fromiter(numbers, np.int64).reshape(-1, len(query.selected_columns)).T

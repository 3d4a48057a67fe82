"""Tries cuts of the RFM scores before they are put in force: how many buyers would have another score, by score."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from segments import rfm
from segments.models import Facts
from segments.rfm import Loyalty, RfmPolicy


class Score(StrEnum):
    """What the policy decides about a buyer."""

    RECENCY = "recency"
    FREQUENCY = "frequency"
    MONETARY = "monetary"
    LOYALTY = "loyalty"


Step = tuple[str, str]
"""The score now and the score by other cuts: "1" to "5", or a Loyalty."""


@dataclass(frozen=True)
class RfmTrial:
    """What other cuts would do. Friends who never bought are left out: they have no scores."""

    buyers: int
    moved: int
    """Buyers who would have at least one other score."""
    moves: Mapping[Score, Mapping[Step, int]] = field(default_factory=dict[Score, Mapping[Step, int]])


def try_out(session: Session, policy: RfmPolicy, now: datetime) -> RfmTrial:
    """Return whose scores saving `policy` would change; one query, nothing is written.

    Raises Invalid("policy_invalid").
    """
    checked = RfmPolicy.from_json(policy.to_json())
    both = (*_scores(rfm.load(session), now), *_scores(checked, now))
    columns = [each.label(f"score_{place}") for place, each in enumerate(both)]
    query = (
        select(func.count(), *columns)
        .where(Facts.purchase_count > 0, Facts.last_purchase_at.is_not(None))
        .group_by(*columns)
    )
    buyers = moved = 0
    moves = {score: Counter[Step]() for score in Score}
    for count, *scores in session.execute(query):
        changed = [
            (score, str(old), str(new))
            for score, old, new in zip(Score, scores[: len(Score)], scores[len(Score) :], strict=True)
            if old != new
        ]
        buyers, moved = buyers + count, moved + (count if changed else 0)
        for score, old, new in changed:
            moves[score][old, new] += count
    return RfmTrial(buyers, moved, {score: dict(counted) for score, counted in moves.items() if counted})


def _scores(policy: RfmPolicy, now: datetime) -> tuple[Any, ...]:
    loyal = (Facts.purchase_count >= policy.loyal_purchases) & (Facts.purchase_status != "lapsed")
    return *rfm.score_columns(policy, now), case((loyal, str(Loyalty.LOYAL)), else_=str(Loyalty.CASUAL))

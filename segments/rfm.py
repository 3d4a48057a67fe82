"""RFM analysis of the shop's friends: its policy, and how many friends stand in each cell.

The cuts themselves are pure functions in rfm_cuts; they are named here too, for whoever compiles conditions.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, case, cast, func, select
from sqlalchemy.orm import Session

from segments import policies
from segments.models import Facts, Setting
from segments.rfm_cuts import (
    Cuts,
    Deciles,
    Loyalty,
    RfmPolicy,
    Scores,
    count_range,
    decile_of,
    decile_range,
    loyalty_of,
    recency_range,
    scores_of,
    spend_range,
)

__all__ = [
    "Cell",
    "Cuts",
    "Deciles",
    "Loyalty",
    "RfmPolicy",
    "Scores",
    "count_range",
    "decile_of",
    "decile_range",
    "load",
    "loyalty_of",
    "recency_range",
    "save",
    "save_deciles",
    "score_columns",
    "scores_of",
    "spend_range",
    "table",
]

POLICY = "rfm"
DECILES = "deciles"


@dataclass(frozen=True, slots=True)
class Cell:
    """The buyers of one recency and one frequency score."""

    recency: int
    frequency: int
    buyers: int
    yen: int
    monetary: float
    """Their mean monetary score."""


def load(session: Session) -> RfmPolicy:
    """Return the shop's cuts, the defaults where none were saved, with the deciles as last measured."""
    measured = session.get(Setting, DECILES)
    deciles = _deciles(measured.value) if measured else Deciles()
    return RfmPolicy.from_json(policies.in_force(session, POLICY).get(POLICY, {}), deciles)


def save(session: Session, policy: RfmPolicy, by: str, now: datetime) -> None:
    """Put new cuts in force; scores are never stored, so they hold at once. Raises Invalid("policy_invalid")."""
    checked = RfmPolicy.from_json(policy.to_json())
    policies.save(session, POLICY, checked.to_json(), by, now)


def save_deciles(session: Session, deciles: Deciles, now: datetime) -> None:
    """Keep what was measured. A setting, not a policy: nobody decides it, and the last one is all that counts."""
    assert deciles.day is not None
    value = {"day": deciles.day.isoformat(), "bounds": list(deciles.bounds), "buyers": deciles.buyers}
    session.merge(Setting(name=DECILES, value=value, updated_at=now))
    session.flush()


def _deciles(value: dict[str, Any]) -> Deciles:
    return Deciles(tuple(value["bounds"]), value["buyers"], date.fromisoformat(value["day"]))


def table(session: Session, policy: RfmPolicy, now: datetime) -> list[Cell]:
    """Return every filled cell of recency x frequency, best first: how many buyers stand in it, and their yen."""
    recency, f, m = score_columns(policy, now)
    r, frequency = recency.label("recency"), f.label("frequency")
    yen = cast(func.sum(Facts.spend_yen), BigInteger)
    query = (
        select(r, frequency, func.count(), yen, cast(func.sum(m), BigInteger))
        .where(Facts.purchase_count > 0, Facts.last_purchase_at.is_not(None))
        .group_by(r, frequency)
        .order_by(r.desc(), frequency.desc())
    )
    return [
        Cell(rec, freq, buyers, spent, scores / buyers)
        for rec, freq, buyers, spent, scores in session.execute(query)
    ]


def score_columns(policy: RfmPolicy, now: datetime) -> tuple[Any, Any, Any]:
    """Return the expressions, over Facts of a buyer, for the scores of recency, frequency and spend."""
    recency = case(*_recency_steps(policy.recency_days, now), else_=1)
    frequency = case(*_steps(Facts.purchase_count, policy.purchase_counts), else_=1)
    return recency, frequency, case(*_steps(Facts.spend_yen, policy.spend_yen), else_=1)


def _recency_steps(cuts: Cuts, now: datetime) -> list[Any]:
    best = len(cuts) + 1
    return [
        (Facts.last_purchase_at > now - timedelta(days=days), best - place) for place, days in enumerate(cuts)
    ]


def _steps(column: Any, cuts: Cuts) -> list[Any]:
    return [(column >= cut, place + 2) for place, cut in reversed(list(enumerate(cuts)))]

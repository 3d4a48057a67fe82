"""What was decided in a review: written down, looked at again on its day, settled with what came of it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.models import ReviewDecision
from segments.errors import Conflict, Invalid, NotFound
from segments.leaves.node import BIGGEST_ID

LONGEST = 1000
LATEST = timedelta(days=400)
"""How far ahead the day to look again may lie."""


def decide(
    session: Session,
    span: tuple[str, date],
    text: str,
    follow_up_on: date | None,
    by: str,
    today: date,
    now: datetime,
) -> ReviewDecision:
    """Write a decision down for a span (its unit and first day).

    Raises Invalid: decision_missing, decision_too_long, decision_day.
    """
    if follow_up_on is None or not today <= follow_up_on <= today + LATEST:
        raise Invalid("decision_day")
    unit, starts_on = span
    made = ReviewDecision(
        unit=unit,
        starts_on=starts_on,
        text=_proper(text, "decision_missing"),
        follow_up_on=follow_up_on,
        made_at=now,
        made_by=by,
    )
    session.add(made)
    session.flush()
    return made


def settle(session: Session, decision_id: int, outcome: str, by: str, now: datetime) -> ReviewDecision:
    """Write down what came of a decision; raises NotFound, Invalid (outcome_missing, decision_too_long), Conflict."""
    found = _found(session, decision_id)
    if found.settled_at is not None:
        raise Conflict("decision_settled")
    found.outcome, found.settled_at, found.settled_by = _proper(outcome, "outcome_missing"), now, by
    return found


def reopen(session: Session, decision_id: int) -> ReviewDecision:
    """Take back what came of a decision, to look again; raises NotFound."""
    found = _found(session, decision_id)
    found.outcome, found.settled_at, found.settled_by = None, None, ""
    return found


def of_span(session: Session, span: tuple[str, date]) -> Sequence[ReviewDecision]:
    """Return what was decided about a span, in the order of time."""
    unit, starts_on = span
    chosen = ReviewDecision.unit == unit, ReviewDecision.starts_on == starts_on
    return session.scalars(select(ReviewDecision).where(*chosen).order_by(ReviewDecision.id)).all()


def still_open(session: Session, limit: int = 50) -> Sequence[ReviewDecision]:
    """Return decisions nobody has looked at again, those due first."""
    is_open = select(ReviewDecision).where(ReviewDecision.settled_at.is_(None))
    order = ReviewDecision.follow_up_on, ReviewDecision.id
    return session.scalars(is_open.order_by(*order).limit(limit)).all()


def due(session: Session, today: date) -> int:
    """Count the open decisions whose day has come."""
    is_due = ReviewDecision.settled_at.is_(None), ReviewDecision.follow_up_on <= today
    return session.scalar(select(func.count()).select_from(ReviewDecision).where(*is_due)) or 0


def _proper(text: str, missing: str) -> str:
    proper = text.strip().replace("\x00", "")
    if not proper:
        raise Invalid(missing)
    if len(proper) > LONGEST:
        raise Invalid("decision_too_long", limit=LONGEST)
    return proper


def _found(session: Session, decision_id: int) -> ReviewDecision:
    found = session.get(ReviewDecision, decision_id) if 0 < decision_id <= BIGGEST_ID else None
    if found is None:
        raise NotFound("decision_unknown")
    return found

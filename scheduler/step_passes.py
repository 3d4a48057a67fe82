"""How many friends went on from each step, day by day: written in the step's own transaction, read by its page."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from scheduler.models import StepPass


def note(session: Session, step_id: int, arms: Iterable[str], day: date) -> None:
    """Count friends who went on from a step on `day`: an arm for each, empty where there are none."""
    rows = [
        {"step_id": step_id, "day": day, "arm": arm, "friends": friends}
        for arm, friends in Counter(arms).items()
    ]
    if rows:
        session.execute(insert(StepPass), rows)


def passed(session: Session, step_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Return how many friends ever went on from each step, by arm."""
    counted = select(StepPass.step_id, StepPass.arm, func.sum(StepPass.friends))
    mine = counted.where(StepPass.step_id.in_(step_ids)).group_by(StepPass.step_id, StepPass.arm)
    found: dict[int, dict[str, int]] = {}
    for step_id, arm, friends in session.execute(mine):
        found.setdefault(step_id, {})[arm] = int(friends)
    return found

"""How many friends went on from each step, day by day: written in the step's own transaction, read by its page."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import date, timedelta

from sqlalchemy import delete, func, insert, select
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


def fold(session: Session, today: date) -> int:
    """Put rows of one step, day and arm together, those of the days before yesterday; return how many are fewer.

    Nobody adds to those days any more, not even a transaction that began before midnight.
    """
    what = (StepPass.step_id, StepPass.day, StepPass.arm)
    counted = select(*what, func.sum(StepPass.friends), func.count()).group_by(*what)
    old = counted.where(StepPass.day < today - timedelta(days=1)).having(func.count() > 1)
    fewer = 0
    for step_id, day, arm, friends, rows in session.execute(old).all():
        these = (StepPass.step_id == step_id, StepPass.day == day, StepPass.arm == arm)
        session.execute(delete(StepPass).where(*these).execution_options(synchronize_session=False))
        session.add(StepPass(step_id=step_id, day=day, arm=arm, friends=int(friends)))
        fewer += rows - 1
    session.flush()
    return fewer


def passed(session: Session, step_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Return how many friends ever went on from each step, by arm."""
    counted = select(StepPass.step_id, StepPass.arm, func.sum(StepPass.friends))
    mine = counted.where(StepPass.step_id.in_(step_ids)).group_by(StepPass.step_id, StepPass.arm)
    found: dict[int, dict[str, int]] = {}
    for step_id, arm, friends in session.execute(mine):
        found.setdefault(step_id, {})[arm] = int(friends)
    return found

"""Who waits for which step and how scenarios fill, as it was counted a few minutes ago: too much to count for a page.

Only counts are kept. What scenarios are made of, and which of them run, is read as it stands.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from scheduler import step_counts
from scheduler.kept_reach import GOOD_FOR
from scheduler.step_counts import StepCounts
from segments.models import Setting

SETTING = "step_counts"


@dataclass(frozen=True)
class KeptSteps:
    """What was counted, and when."""

    at: datetime
    counts: StepCounts


def keep(session: Session, counts: StepCounts, now: datetime) -> None:
    """Keep what was just counted."""
    session.merge(Setting(name=SETTING, value=counts.to_json(), updated_at=now))
    session.flush()


def load(session: Session, now: datetime) -> KeptSteps:
    """Return what was counted last, or count it when that is too long ago."""
    kept = session.get(Setting, SETTING)
    if kept is None or not timedelta() <= now - kept.updated_at <= GOOD_FOR:
        return KeptSteps(now, step_counts.count(session, now))
    return KeptSteps(kept.updated_at, StepCounts.from_json(kept.value))

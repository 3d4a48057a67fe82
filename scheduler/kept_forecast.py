"""The month's forecast as it was a few minutes ago: working it out anew takes too long for a page opened all day."""

from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from scheduler import kept_reach, kept_steps, month_forecast, step_counts
from scheduler.month_forecast import Forecast
from scheduler.months import month_of, next_month
from scheduler.reserved import Reserved, reserved
from scheduler.step_forecast import StepMessages, step_messages
from segments.models import Setting

SETTING = "month_forecast"
GOOD_FOR = timedelta(minutes=30)
"""A worker counts every five minutes: an older count means that none works, and it is made anew."""


def keep(session: Session, now: datetime) -> None:
    """Count what is spoken for and what scenarios will send this month, and keep it; so for the calendar."""
    counts = step_counts.count(session, now)
    kept_steps.keep(session, counts, now)
    kept_reach.keep(session, now)
    planned, steps = reserved(session, now), step_messages(session, now, next_month(now), counts)
    value = {"reserved": asdict(planned), "steps": asdict(steps)}
    session.merge(Setting(name=SETTING, value=value, updated_at=now))
    session.flush()


def load(session: Session, now: datetime) -> tuple[Forecast, datetime]:
    """Return the forecast, and the moment up to which what is still to be sent was counted."""
    kept = session.get(Setting, SETTING)
    if kept is None or now - kept.updated_at > GOOD_FOR or month_of(kept.updated_at) != month_of(now):
        return month_forecast.forecast(session, now), now
    planned, steps = Reserved(**kept.value["reserved"]), StepMessages(**kept.value["steps"])
    return month_forecast.assembled(session, now, planned, steps), kept.updated_at

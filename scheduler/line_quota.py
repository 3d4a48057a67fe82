"""What LINE itself said of the month, as last asked: how many messages it allows and how many it counted."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.months import month_of
from segments.models import Setting

USE = "line_quota"


def line_limit(session: Session) -> int | None:
    """Return how many messages a month LINE says the account may send, as last asked; None = no limit, or unknown."""
    value = _use(session)
    return None if value is None or value["limit"] is None else int(value["limit"])


def line_used(session: Session, now: datetime) -> tuple[int, datetime] | None:
    """Return LINE's own count of this month and when it was given; None when it was not asked this month."""
    value = _use(session)
    if value is None:
        return None
    at = datetime.fromisoformat(value["at"])
    return (int(value["used"]), at) if month_of(at) == month_of(now) else None


def _use(session: Session) -> dict[str, Any] | None:
    return session.scalar(select(Setting.value).where(Setting.name == USE))

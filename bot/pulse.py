"""Signs of life in the database: when the bell last rang, when each worker was last seen."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.models import Heartbeat


@dataclass(frozen=True)
class Pulse:
    """When the bell last rang and each worker was last seen."""

    tick: datetime | None
    workers: list[datetime]


def pulse_of(session: Session) -> Pulse:
    """Return the signs of life in the database."""
    beats = session.scalars(select(Heartbeat)).all()
    ticks = [beat.at for beat in beats if beat.kind == "tick"]
    workers = [beat.at for beat in beats if beat.kind == "worker"]
    return Pulse(max(ticks, default=None), workers)

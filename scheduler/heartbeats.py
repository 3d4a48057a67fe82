"""Signs of life: which processes ran when, for /healthz and the console."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from scheduler.models import Heartbeat

CLOCK = "clock"
"""The kind of those that tell how the clock goes (scheduler.clock_setbacks)."""
NIGHT = "night"
"""The kind of the one that tells when a night's work was last begun (scheduler.nights)."""
KEPT = (CLOCK, NIGHT)
"""However old they are: something goes by them."""


def beat(session: Session, name: str, kind: str, now: datetime) -> None:
    """Note that the process or bell called `name` is alive at `now`."""
    session.merge(Heartbeat(name=name, kind=kind, at=now))


def forget(session: Session, before: datetime) -> None:
    """Delete the signs of processes that were last seen before `before`."""
    session.execute(delete(Heartbeat).where(Heartbeat.at < before, Heartbeat.kind.not_in(KEPT)))

"""Signs of life: which processes ran when, for /healthz and the console."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.models import Heartbeat


def beat(session: Session, name: str, kind: str, now: datetime) -> None:
    """Note that the process or bell called `name` is alive at `now`."""
    session.merge(Heartbeat(name=name, kind=kind, at=now))


def newest(session: Session, kind: str) -> datetime | None:
    """Return when something of `kind` (`tick`, `worker`) was last alive; None if it never was."""
    return session.scalars(
        select(Heartbeat.at).where(Heartbeat.kind == kind).order_by(Heartbeat.at.desc()).limit(1)
    ).first()


def is_alive(session: Session, kind: str, now: datetime, patience: timedelta = timedelta(minutes=1)) -> bool:
    """Say whether something of `kind` was alive within `patience`."""
    last = newest(session, kind)
    return last is not None and now - last <= patience

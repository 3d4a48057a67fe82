"""Slows down guessing: failed log-ins are counted in the database, for every process and restart."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from bot.models import LoginAttempt

WINDOW = timedelta(minutes=15)
PER_LOGIN = 5
PER_ADDRESS = 20
KEPT_FOR = timedelta(days=1)


def wait(session: Session, login: str, address: str, now: datetime) -> timedelta | None:
    """Return how long to wait before the next try for this login from this address; None = not at all."""
    waits = (
        _until_below(session, LoginAttempt.login == login, PER_LOGIN, now),
        _until_below(session, LoginAttempt.address == address, PER_ADDRESS, now),
    )
    return max((each for each in waits if each), default=None)


def _until_below(session: Session, whose: ColumnElement[bool], limit: int, now: datetime) -> timedelta | None:
    recent = select(LoginAttempt.at).where(whose, LoginAttempt.at > now - WINDOW)
    nth_last = session.scalar(recent.order_by(LoginAttempt.at.desc()).offset(limit - 1).limit(1))
    return None if nth_last is None else nth_last + WINDOW - now


def note(session: Session, login: str, address: str, now: datetime) -> None:
    """Count a try as failed. Done before the password is checked: a hundred tries at once count a hundred."""
    session.execute(delete(LoginAttempt).where(LoginAttempt.at < now - KEPT_FOR))
    session.add(LoginAttempt(login=login, address=address, at=now))
    session.flush()


def forget(session: Session, login: str) -> None:
    """Drop the tries of a login that has just proved itself."""
    session.execute(delete(LoginAttempt).where(LoginAttempt.login == login))

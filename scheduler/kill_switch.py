"""The kill switch: nothing that we begin leaves any more, whoever began it, until somebody starts it again.

It holds steps, broadcasts, tests and messages typed by operators; all of them wait and nothing is lost.
Answers to friends still go: they were asked for, their token dies within a minute, and silence towards
somebody who just wrote is harm of another kind. Whoever wants silence there as well stops the web.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import chunks
from scheduler.jobs import JobQueue
from segments.errors import Conflict, Invalid
from segments.models import Setting

SETTING = "kill_switch"
REASON_LIMIT = 200
KEPT = 50
"""Turns of the switch that stay on record."""
# Built once: it is asked at every turn of everything that sends.
_KEPT_VALUE = select(Setting.value).where(Setting.name == SETTING)


@dataclass(frozen=True)
class Turn:
    """One turn of the switch: who, when, why."""

    stopped: bool
    by: str
    at: datetime
    reason: str = ""


def is_stopped(session: Session) -> bool:
    """Tell whether everything is to stand still."""
    value = session.scalar(_KEPT_VALUE)
    return bool(value and value["stopped"])


def turns(session: Session) -> list[Turn]:
    """Return the turns on record, the latest first."""
    value = session.scalar(_KEPT_VALUE)
    return [_turn(each) for each in reversed(value["turns"])] if value else []


def stop_everything(session: Session, by: str, now: datetime, reason: str = "") -> Turn:
    """Let nothing more leave, within two seconds and also in the middle of a chunk.

    Raises Conflict("stopped_already") and, for a reason of more than 200 characters, Invalid("reason_too_long").
    """
    if len(reason) > REASON_LIMIT:
        raise Invalid("reason_too_long", limit=REASON_LIMIT)
    if is_stopped(session):
        raise Conflict("stopped_already")
    return _record(session, Turn(stopped=True, by=by, at=now, reason=reason))


def start_again(session: Session, queue: JobQueue, by: str, now: datetime) -> Turn:
    """Let everything go on where it stood; nobody gets anything twice. Raises Conflict("not_stopped")."""
    if not is_stopped(session):
        raise Conflict("not_stopped")
    turn = _record(session, Turn(stopped=False, by=by, at=now))
    chunks.enqueue_open(session, queue, now)
    return turn


def _record(session: Session, turn: Turn) -> Turn:
    past = [_json(each) for each in reversed(turns(session))][-KEPT + 1 :]
    value = {"stopped": turn.stopped, "turns": [*past, _json(turn)]}
    session.merge(Setting(name=SETTING, value=value, updated_at=turn.at))
    session.flush()
    return turn


def _json(turn: Turn) -> dict[str, Any]:
    return {"stopped": turn.stopped, "by": turn.by, "at": turn.at.isoformat(), "reason": turn.reason}


def _turn(value: dict[str, Any]) -> Turn:
    at = datetime.fromisoformat(value["at"])
    return Turn(stopped=value["stopped"], by=value["by"], at=at, reason=value["reason"])

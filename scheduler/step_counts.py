"""What the forecasts of steps are counted from: who waits for which step, how fast scenarios fill, which steps send."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler.models import Delivery, DeliveryState, Enrolment, EnrolmentState
from segments.micros import as_micros, micros_of

LOOKED_BACK = timedelta(days=28)
ENOUGH = 20
"""Messages of a step that tell how often it is sent."""
BUCKET = timedelta(hours=6)
"""Friends whose next step falls into the same one are followed together."""


@dataclass(frozen=True)
class StepCounts:
    """How it stood at one moment; steps and scenarios by their ids."""

    waiting: Mapping[int, Sequence[tuple[int, int]]]
    """By step: at about which moments, in microseconds since 1970, it comes to how many of those who wait for it."""
    pace: Mapping[int, float]
    """By scenario: how many friends a day entered it lately."""
    sent: Mapping[int, float]
    """By step: which part of those who came to it got its message; unknown while too few came."""

    def waits(self, step_id: int, now: datetime) -> list[tuple[timedelta, int]]:
        """Return after how long a step comes to how many friends; what is overdue comes at once."""
        since = micros_of(now) or 0
        return [
            (timedelta(microseconds=max(at - since, 0)), friends)
            for at, friends in self.waiting.get(step_id, ())
        ]

    def to_json(self) -> dict[str, Any]:
        """Write it down, to be read by `from_json`."""
        return {"waiting": _texts(self.waiting), "pace": _texts(self.pace), "sent": _texts(self.sent)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(_numbers(data["waiting"]), _numbers(data["pace"]), _numbers(data["sent"]))


def _texts(found: Mapping[int, Any]) -> dict[str, Any]:
    return {str(id_): value for id_, value in found.items()}


def _numbers(found: Mapping[str, Any]) -> dict[int, Any]:
    return {int(id_): value for id_, value in found.items()}


def count(session: Session, now: datetime) -> StepCounts:
    """Count how it stands; this goes through all who are in scenarios and all that steps ever sent."""
    return StepCounts(_waiting(session), _pace(session, now), _sent(session))


def _waiting(session: Session) -> dict[int, list[tuple[int, int]]]:
    rows = session.execute(
        select(Enrolment.next_step_id, as_micros(func.min(Enrolment.next_at)), func.count())
        .where(Enrolment.state == EnrolmentState.ACTIVE, Enrolment.next_at.is_not(None))
        .group_by(Enrolment.next_step_id, _slot(session))
    )
    found: dict[int, list[tuple[int, int]]] = {}
    for step_id, at, friends in rows:
        if step_id is not None:
            found.setdefault(step_id, []).append((at, friends))
    return found


def _slot(session: Session) -> Any:
    micros = int(BUCKET / timedelta(microseconds=1))
    if session.get_bind().dialect.name == "sqlite":
        return as_micros(Enrolment.next_at) // micros
    return func.floor(func.extract("epoch", Enrolment.next_at) / (micros / 1_000_000))


def _pace(session: Session, now: datetime) -> dict[int, float]:
    entered = (
        select(Enrolment.scenario_id, func.count())
        .where(Enrolment.entered_at > now - LOOKED_BACK)
        # To group them without sorting, SQLite would look them up one by one in the order of their scenarios.
        .with_hint(Enrolment, "NOT INDEXED", "sqlite")
        .group_by(Enrolment.scenario_id)
    )
    return {id_: friends / LOOKED_BACK.days for id_, friends in session.execute(entered)}


def _sent(session: Session) -> dict[int, float]:
    counted = (
        select(Delivery.step_id, Delivery.state, func.count())
        .where(Delivery.step_id.is_not(None))
        .group_by(Delivery.step_id, Delivery.state)
    )
    sent: dict[int, int] = {}
    came: dict[int, int] = {}
    for step_id, state, messages in session.execute(counted):
        if step_id is None or state in {DeliveryState.QUEUED, DeliveryState.SENDING}:
            continue
        came[step_id] = came.get(step_id, 0) + messages
        sent[step_id] = sent.get(step_id, 0) + (messages if state is DeliveryState.ACCEPTED else 0)
    return {id_: sent[id_] / messages for id_, messages in came.items() if messages >= ENOUGH}

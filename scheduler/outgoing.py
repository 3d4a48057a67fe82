"""What is planned to leave today and in the days after: broadcasts with a time, steps that come due, messages that wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from scheduler.models import (
    Broadcast,
    BroadcastState,
    Delivery,
    DeliveryState,
    Enrolment,
    EnrolmentState,
    Scenario,
    Step,
)
from scheduler.reports import start_of_day

WEEK = timedelta(days=7)
SHOWN = 8
"""Broadcasts and scenarios that are named; the others are in their lists."""
LEAVING = (
    BroadcastState.AWAITING_APPROVAL,
    BroadcastState.SCHEDULED,
    BroadcastState.PLANNING,
    BroadcastState.SENDING,
    BroadcastState.PAUSED,
)


@dataclass(frozen=True)
class PlannedBroadcast:
    """A broadcast that leaves within the week, or is leaving."""

    id: int
    name: str
    state: BroadcastState
    at: datetime | None
    is_today: bool


@dataclass(frozen=True)
class DueSteps:
    """How many friends of one scenario come to their next step."""

    scenario_id: int
    name: str
    name_en: str
    today: int
    week: int
    """Within seven days, today among them."""


@dataclass(frozen=True)
class Outgoing:
    """What leaves within a week."""

    broadcasts: Sequence[PlannedBroadcast]
    steps: Sequence[DueSteps]
    """The scenarios with the most friends first."""
    waiting: int
    """Messages that are written and wait for their moment."""

    @property
    def today(self) -> int:
        """Friends who come to a step today, over all scenarios."""
        return sum(each.today for each in self.steps)

    @property
    def week(self) -> int:
        """The same within seven days."""
        return sum(each.week for each in self.steps)


def outgoing(session: Session, now: datetime, zone: ZoneInfo) -> Outgoing:
    """Return what leaves until midnight in seven days; scenarios that are switched off send nothing."""
    tonight = start_of_day(now, zone) + timedelta(days=1)
    end = start_of_day(now, zone) + WEEK
    return Outgoing(_broadcasts(session, tonight, end), _steps(session, tonight, end), _waiting(session, end))


def _broadcasts(session: Session, tonight: datetime, end: datetime) -> list[PlannedBroadcast]:
    wanted = (
        select(Broadcast.id, Broadcast.name, Broadcast.state, Broadcast.scheduled_at)
        .where(Broadcast.state.in_(LEAVING))
        .order_by(Broadcast.scheduled_at, Broadcast.id)
    )
    return [
        PlannedBroadcast(id_, name, state, at, at is None or at < tonight)
        for id_, name, state, at in session.execute(wanted)
        if at is None or at < end
    ][:SHOWN]


def _steps(session: Session, tonight: datetime, end: datetime) -> list[DueSteps]:
    names = {
        id_: (name, name_en)
        for id_, name, name_en in session.execute(
            select(Scenario.id, Scenario.name, Scenario.name_en).where(Scenario.active)
        )
    }
    of_steps = dict(session.execute(select(Step.id, Step.scenario_id)).all())
    counted: dict[int, tuple[int, int]] = {}
    for step_id, week, today in session.execute(_due(tonight, end)):
        id_ = of_steps.get(step_id or 0, 0)
        before = counted.get(id_, (0, 0))
        counted[id_] = (before[0] + week, before[1] + (today or 0))
    found = [
        DueSteps(id_, *names[id_], today=today, week=week)
        for id_, (week, today) in counted.items()
        if id_ in names
    ]
    return sorted(found, key=lambda each: (-each.week, each.scenario_id))


def _due(tonight: datetime, end: datetime) -> Select[int | None, int, int | None]:
    """Count by step, which the index on what is due next tells: a scenario's friends would be looked up one by one."""
    today = func.sum(case((Enrolment.next_at < tonight, 1), else_=0))
    return (
        select(Enrolment.next_step_id, func.count(), today)
        .where(Enrolment.state == EnrolmentState.ACTIVE, Enrolment.next_at < end)
        .group_by(Enrolment.next_step_id)
    )


def _waiting(session: Session, end: datetime) -> int:
    waits = (
        Delivery.state == DeliveryState.QUEUED,
        Delivery.chunk_id.is_(None),
        Delivery.not_before < end,
    )
    return session.scalar(select(func.count()).select_from(Delivery).where(*waits)) or 0

"""The block rate of each step, and steps that pause themselves because it is above their limit.

    rate = friends who blocked us within n days after LINE accepted the step's message / messages accepted

over the last 90 days, or since the step was last resumed after an alarm. It is asked when somebody blocks us, of the
steps they heard from alone, and means nothing before enough messages went out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

import structlog
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from scheduler import bulk
from scheduler.models import Delivery, DeliveryState, Scenario, Step, StepBlock
from scheduler.scenario_settings import of_scenario
from scheduler.step_settings import BlockLimit, of_step
from segments.leaves.scanning import unindexed
from segments.upsert import insert_ignore

log = structlog.get_logger(__name__)

WINDOW = timedelta(days=90)
LONGEST_BLAME = timedelta(days=30)
"""The most days that a limit may count (BlockLimit.within_days)."""


@dataclass(frozen=True)
class Alarm:
    """Why a step paused itself."""

    at: datetime
    accepted: int
    blocked: int
    limit_percent: float
    within_days: int

    @property
    def percent(self) -> float:
        """The block rate that was too high."""
        return 100 * self.blocked / self.accepted

    def to_json(self) -> dict[str, Any]:
        """Return it as `Step.alarm` keeps it."""
        return {
            "at": self.at.isoformat(),
            "accepted": self.accepted,
            "blocked": self.blocked,
            "limit_percent": self.limit_percent,
            "within_days": self.within_days,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        given: dict[str, Any] = {**data, "at": datetime.fromisoformat(data["at"])}
        return cls(**given)


@dataclass(frozen=True)
class Rate:
    """How many of a step's messages were answered with a block."""

    accepted: int
    blocked: int

    def exceeds(self, limit: BlockLimit) -> bool:
        """Tell whether it is above a limit."""
        return self.accepted >= limit.least and 100 * self.blocked > limit.percent * self.accepted


def limit_of(step: Step) -> BlockLimit | None:
    """Return the limit of a step: its own, or its scenario's; None when it has none."""
    return of_step(step).block_limit or of_scenario(step.scenario).block_limit


def rate_of(session: Session, step: Step, now: datetime) -> Rate:
    """Return a step's block rate over the last 90 days, or since it was resumed after an alarm."""
    since = max(now - WINDOW, step.rate_from or now - WINDOW)
    taken = (
        Delivery.step_id == step.id,
        Delivery.state == DeliveryState.ACCEPTED,
        Delivery.ended_at >= since,
    )
    accepted = session.scalar(select(func.count()).select_from(Delivery).where(*taken)) or 0
    mine = (StepBlock.step_id == step.id, StepBlock.at >= since)
    counted = select(func.count()).select_from(StepBlock).join(Delivery, Delivery.id == StepBlock.delivery_id)
    return Rate(accepted, session.scalar(counted.where(*mine, *_unindexed(since))) or 0)


def _unindexed(since: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return that a message was accepted since then, in words by which SQLite does not begin with all messages."""
    state = unindexed(Delivery.state)
    return (state == DeliveryState.ACCEPTED, unindexed(Delivery.ended_at) >= since)


def rates_of(session: Session, steps: Sequence[Step], now: datetime) -> dict[int, Rate]:
    """Return the block rates of many steps, by their ids."""
    told: dict[int, Rate] = {}
    ordinary = [step.id for step in steps if step.rate_from is None]
    since = now - WINDOW
    taken = (
        Delivery.step_id.in_(ordinary),
        Delivery.state == DeliveryState.ACCEPTED,
        Delivery.ended_at >= since,
    )
    # From the blocks, which are few: a step's messages may be many.
    blamed = (StepBlock.step_id.in_(ordinary), StepBlock.at >= since, *_unindexed(since))
    accepted = select(Delivery.step_id, func.count()).where(*taken).group_by(Delivery.step_id)
    counted = select(StepBlock.step_id, func.count()).join(Delivery, Delivery.id == StepBlock.delivery_id)
    blocks = counted.where(*blamed).group_by(StepBlock.step_id)
    blocked = dict(session.execute(blocks).all())
    for step_id, count in session.execute(accepted):
        told[step_id or 0] = Rate(count, blocked.get(step_id or 0, 0))
    return told | {step.id: rate_of(session, step, now) for step in steps if step.rate_from is not None}


def note_blocks(session: Session, blocks: Iterable[tuple[int, datetime]], now: datetime) -> list[Step]:
    """Count blocks, given as friend id and moment, against the steps those friends just heard from.

    Return the steps that thereby paused themselves.
    """
    blocked = dict(blocks)
    touched = _count(session, blocked) if blocked else set[int]()
    steps = session.scalars(select(Step).where(Step.id.in_(touched), Step.active).order_by(Step.id)).all()
    return [step for step in steps if _pause_if_too_high(session, step, now)]


def _count(session: Session, blocked: dict[int, datetime]) -> set[int]:
    earliest = min(blocked.values()) - LONGEST_BLAME
    heard = session.execute(
        select(Delivery.id, Delivery.friend_id, Delivery.step_id, Delivery.ended_at).where(
            bulk.among(session, Delivery.friend_id, blocked),
            Delivery.step_id.is_not(None),
            Delivery.state == DeliveryState.ACCEPTED,
            Delivery.ended_at >= earliest,
        )
    ).all()
    limits = _limits(session, {step_id for _, _, step_id, _ in heard if step_id is not None})
    rows: list[dict[str, Any]] = [
        {"delivery_id": id_, "step_id": step_id, "at": blocked[friend_id]}
        for id_, friend_id, step_id, ended_at in heard
        if step_id in limits and ended_at is not None
        if timedelta() <= blocked[friend_id] - ended_at < timedelta(days=limits[step_id].within_days)
    ]
    insert_ignore(session, StepBlock, rows)
    return {row["step_id"] for row in rows}


def _limits(session: Session, step_ids: set[int]) -> dict[int, BlockLimit]:
    steps = session.scalars(select(Step).where(Step.id.in_(step_ids))).all()
    return {step.id: limit for step in steps if (limit := limit_of(step)) is not None}


def _pause_if_too_high(session: Session, step: Step, now: datetime) -> bool:
    limit = limit_of(step)
    rate = rate_of(session, step, now)
    if limit is None or not rate.exceeds(limit):
        return False
    alarm = Alarm(now, rate.accepted, rate.blocked, limit.percent, limit.within_days)
    step.active, step.alarm = False, alarm.to_json()
    log.warning(
        "step_paused_itself", step=step.id, accepted=rate.accepted, blocked=rate.blocked, limit=limit.percent
    )
    return True


def alarms(session: Session) -> Sequence[tuple[Scenario, Step, Alarm]]:
    """Return the steps that paused themselves and were not resumed, the latest first."""
    query = select(Scenario, Step).join(Step, Step.scenario_id == Scenario.id).where(Step.alarm.is_not(None))
    found = [
        (scenario, step, Alarm.from_json(step.alarm))
        for scenario, step in session.execute(query.where(Step.removed_at.is_(None)))
        if step.alarm is not None
    ]
    return sorted(found, key=lambda each: each[2].at, reverse=True)

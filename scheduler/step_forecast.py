"""How many messages the steps of scenarios will send until a moment: those of who is in them, and of newcomers.

The method, kept simple on purpose. Who is enrolled is followed from their next step on: each step's delay is added
to the one before, arms of a branch share alike. A step counts as often as it was sent in the past out of all that
came to it (always, while fewer than 20 came). Newcomers are expected at the pace of the last 28 days, spread evenly.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler.models import (
    Delivery,
    DeliveryState,
    Enrolment,
    EnrolmentState,
    Purpose,
    Scenario,
    Step,
)
from scheduler.scenario_flow import BRANCHING, Flow, arms_of
from segments.micros import as_micros, moment_of

DAY = timedelta(days=1)
LOOKED_BACK = timedelta(days=28)
ENOUGH = 20
"""Messages of a step that tell how often it is sent."""
BUCKET = timedelta(hours=6)
"""Friends whose next step falls into the same one are followed together."""
DEEPEST = 200
"""Steps that one friend is followed through."""


@dataclass(frozen=True)
class StepMessages:
    """Expected messages; `care` is the part of them that sells nothing."""

    enrolled: float = 0.0
    newcomers: float = 0.0
    care: float = 0.0

    @property
    def total(self) -> int:
        """All of them, rounded."""
        return round(self.enrolled + self.newcomers)


def step_messages(session: Session, now: datetime, until: datetime) -> StepMessages:
    """Return what steps will send from `now` to `until`; scenarios that are switched off send nothing."""
    left, sent = until - now, rates(session)
    at_steps, entering = waiting(session, now, until), pace(session, now)
    enrolled = newcomers = care = 0.0
    for scenario in session.scalars(select(Scenario).where(Scenario.active)):
        flow = Flow(scenario.steps)
        inside = list(_of_enrolled(flow, at_steps, left))
        outside = list(_of_newcomers(flow, entering.get(scenario.id, 0.0), left))
        for step, comers in (*inside, *outside):
            care += comers * sent.get(step.id, 1.0) * (step.purpose is not Purpose.SALES)
        enrolled += sum(comers * sent.get(step.id, 1.0) for step, comers in inside)
        newcomers += sum(comers * sent.get(step.id, 1.0) for step, comers in outside)
    return StepMessages(enrolled, newcomers, care)


def _of_enrolled(
    flow: Flow, waiting: Mapping[int, Sequence[tuple[timedelta, int]]], left: timedelta
) -> Iterator[tuple[Step, float]]:
    """Yield each message step and how many of those who are enrolled come to it."""
    for step in flow.steps:
        for wait, count in waiting.get(step.id, ()):
            for said, _at, share in ahead(flow, step, wait, left):
                yield said, count * share


def _of_newcomers(flow: Flow, a_day: float, left: timedelta) -> Iterator[tuple[Step, float]]:
    """Yield each message step and how many come to it of those who are still to enter."""
    if flow.first is None or not a_day:
        return
    for step, at, share in ahead(flow, flow.first, flow.first.delay, left):
        # Who enters later than that before the end does not get so far.
        yield step, a_day * ((left - at) / DAY) * share


def ahead(
    flow: Flow, step: Step, wait: timedelta, left: timedelta
) -> Iterator[tuple[Step, timedelta, float]]:
    """Yield the messages from `step` on that come within `left`: after how long, and to which share of friends."""
    ways: list[tuple[Step, timedelta, float]] = [(step, wait, 1.0)]
    for _ in range(DEEPEST):
        if not ways:
            return
        current, at, share = ways.pop()
        if at >= left:
            continue
        if current.message_id is not None and current.active and current.removed_at is None:
            yield current, at, share
        arms = arms_of(current) if current.kind in BRANCHING else []
        following = [flow.into(current, arm) for arm in arms] if arms else [flow.after(current)]
        ways += [(each, at + each.delay, share / len(following)) for each in following if each is not None]


def waiting(session: Session, now: datetime, until: datetime) -> dict[int, list[tuple[timedelta, int]]]:
    """Return, by step, how many friends wait for it and for about how long; what is overdue comes at once."""
    micros = int(BUCKET / timedelta(microseconds=1))
    bucket = func.min(Enrolment.next_at)
    rows = session.execute(
        select(Enrolment.next_step_id, as_micros(bucket), func.count())
        .where(Enrolment.state == EnrolmentState.ACTIVE, Enrolment.next_at < until)
        .group_by(Enrolment.next_step_id, _slot(session, micros))
    )
    found: dict[int, list[tuple[timedelta, int]]] = {}
    for step_id, at, count in rows:
        if step_id is not None:
            found.setdefault(step_id, []).append((max((moment_of(at) or now) - now, timedelta()), count))
    return found


def _slot(session: Session, micros: int) -> Any:
    if session.get_bind().dialect.name == "sqlite":
        return as_micros(Enrolment.next_at) // micros
    return func.floor(func.extract("epoch", Enrolment.next_at) / (micros / 1_000_000))


def pace(session: Session, now: datetime) -> dict[int, float]:
    """Return how many friends a day entered each scenario lately."""
    entered = (
        select(Enrolment.scenario_id, func.count())
        .where(Enrolment.entered_at > now - LOOKED_BACK)
        # To group them without sorting, SQLite would look them up one by one in the order of their scenarios.
        .with_hint(Enrolment, "NOT INDEXED", "sqlite")
        .group_by(Enrolment.scenario_id)
    )
    return {id_: count / LOOKED_BACK.days for id_, count in session.execute(entered)}


def rates(session: Session) -> dict[int, float]:
    """Return, by step, which part of those who came to it got its message."""
    counted = (
        select(Delivery.step_id, Delivery.state, func.count())
        .where(Delivery.step_id.is_not(None))
        .group_by(Delivery.step_id, Delivery.state)
    )
    sent: dict[int, int] = {}
    came: dict[int, int] = {}
    for step_id, state, count in session.execute(counted):
        if step_id is None or state in {DeliveryState.QUEUED, DeliveryState.SENDING}:
            continue
        came[step_id] = came.get(step_id, 0) + count
        sent[step_id] = sent.get(step_id, 0) + (count if state is DeliveryState.ACCEPTED else 0)
    return {id_: sent[id_] / count for id_, count in came.items() if count >= ENOUGH}

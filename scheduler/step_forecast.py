"""How many messages the steps of scenarios will send until a moment: those of who is in them, and of newcomers.

The method, kept simple on purpose. Who is enrolled is followed from their next step on: each step's delay is added
to the one before, arms of a branch share alike. A step counts as often as it was sent in the past out of all that
came to it (always, while fewer than 20 came). Newcomers are expected at the pace of the last 28 days, spread evenly.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from scheduler import step_counts
from scheduler.models import Purpose, Scenario, Step
from scheduler.scenario_flow import BRANCHING, Flow, arms_of
from scheduler.step_counts import StepCounts

DAY = timedelta(days=1)
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


def step_messages(
    session: Session, now: datetime, until: datetime, counts: StepCounts | None = None
) -> StepMessages:
    """Return what steps will send from `now` to `until`; scenarios that are switched off send nothing.

    `counts` are those of this moment, where they are known already.
    """
    left, counts = until - now, counts or step_counts.count(session, now)
    sent = counts.sent
    enrolled = newcomers = care = 0.0
    for scenario in session.scalars(
        select(Scenario).options(selectinload(Scenario.steps)).where(Scenario.active)
    ):
        flow = Flow(scenario.steps)
        inside = list(_of_enrolled(flow, counts, now, left))
        outside = list(_of_newcomers(flow, counts.pace.get(scenario.id, 0.0), left))
        for step, comers in (*inside, *outside):
            care += comers * sent.get(step.id, 1.0) * (step.purpose is not Purpose.SALES)
        enrolled += sum(comers * sent.get(step.id, 1.0) for step, comers in inside)
        newcomers += sum(comers * sent.get(step.id, 1.0) for step, comers in outside)
    return StepMessages(enrolled, newcomers, care)


def _of_enrolled(
    flow: Flow, counts: StepCounts, now: datetime, left: timedelta
) -> Iterator[tuple[Step, float]]:
    """Yield each message step and how many of those who are enrolled come to it."""
    for step in flow.steps:
        waits = counts.waits(step.id, now)
        for said, later, share in ahead(flow, step, timedelta(), left):
            yield said, share * sum(friends for wait, friends in waits if wait + later < left)


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

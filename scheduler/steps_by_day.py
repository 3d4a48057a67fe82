"""What the steps of scenarios will send, day by day: those of who is in them, of who starts by date, and of newcomers.

By the method of scheduler.step_forecast, but that friends of a scenario by date start on their dates.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from scheduler import step_forecast
from scheduler.models import Scenario, Step
from scheduler.scenario_flow import Flow
from scheduler.step_counts import StepCounts
from segments.db import MICROSECOND
from segments.local_times import start_of
from segments.micros import micros_of

DAY = timedelta(days=1)
LEAST = 0.05
"""Messages a day below which nothing is expected."""
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StepDay:
    """Messages that one step is expected to send on one day."""

    scenario: Scenario
    step: Step
    messages: float


Starts = Mapping[int, Mapping[date, int]]
"""By scenario: how many friends a scenario by date starts on which day."""


@dataclass(frozen=True)
class Span:
    """Days of the shop's calendar, one after the other, and the moment from which on they are foreseen."""

    now: datetime
    days: Sequence[date]
    zone: ZoneInfo

    @property
    def left(self) -> timedelta:
        """How long it is to the end of the last day."""
        return start_of(self.days[-1] + DAY, self.zone) - self.now

    @cached_property
    def borders(self) -> Ints:
        """When each day begins and the last one ends, in microseconds from now."""
        moments = [start_of(day, self.zone) - self.now for day in (*self.days, self.days[-1] + DAY)]
        return np.array([moment // MICROSECOND for moment in moments], dtype=np.int64)

    def counted(self, at: Ints, friends: Floats) -> Floats:
        """Return how many friends fall on each day, who come so many microseconds from now."""
        places = np.searchsorted(self.borders, at, side="right") - 1
        inside = (places >= 0) & (places < len(self.days))
        counts = np.bincount(places[inside], weights=friends[inside], minlength=len(self.days))
        return counts.astype(np.float64)

    def evenly(self, begins: timedelta, a_day: float) -> Floats:
        """Return how many friends fall on each day when so many come a day from a moment on."""
        inside = np.diff(np.maximum(self.borders, begins // MICROSECOND))
        return a_day * inside / (DAY // MICROSECOND)


def expected(session: Session, counts: StepCounts, span: Span, starts: Starts) -> dict[date, list[StepDay]]:
    """Return what steps will send on the days of `span`; scenarios that are switched off send nothing."""
    running = select(Scenario).options(selectinload(Scenario.steps)).where(Scenario.active)
    found: dict[date, list[StepDay]] = {}
    for scenario in session.scalars(running.order_by(Scenario.id)):
        coming = _Coming(Flow(scenario.steps), span)
        sums: dict[int, Floats] = {}
        for source in (
            coming.of_enrolled(counts),
            coming.of_dates(starts.get(scenario.id, {})),
            coming.of_newcomers(0.0 if "date" in scenario.trigger else counts.pace.get(scenario.id, 0.0)),
        ):
            for step, friends in source:
                messages = friends * counts.sent.get(step.id, 1.0)
                sums[step.id] = sums[step.id] + messages if step.id in sums else messages
        steps = {step.id: step for step in scenario.steps}
        for place, day in enumerate(span.days):
            told = [(id_, float(sums[id_][place])) for id_ in sorted(sums)]
            of_day = [StepDay(scenario, steps[id_], messages) for id_, messages in told if messages >= LEAST]
            if of_day:
                found.setdefault(day, []).extend(of_day)
    return found


@dataclass(frozen=True)
class _Coming:
    """Who comes to which message of one scenario, on each day of a span."""

    flow: Flow
    span: Span

    def of_enrolled(self, counts: StepCounts) -> Iterator[tuple[Step, Floats]]:
        """Follow who is inside, from the step they wait for."""
        since = micros_of(self.span.now) or 0
        for step in self.flow.steps:
            if waiting := counts.waiting.get(step.id):
                at, friends = np.array(waiting, dtype=np.int64).T
                yield from self._follow(step, np.maximum(at - since, 0), friends.astype(np.float64))

    def of_dates(self, starts: Mapping[date, int]) -> Iterator[tuple[Step, Floats]]:
        """Follow who starts on a day still to come."""
        first, now = self.flow.first, self.span.now
        begun = [(start_of(day, self.span.zone) - now, friends) for day, friends in starts.items()]
        ahead = [(begins // MICROSECOND, friends) for begins, friends in begun if begins >= timedelta()]
        if first is not None and ahead:
            at, friends = np.array(ahead, dtype=np.int64).T
            yield from self._follow(first, at + first.delay // MICROSECOND, friends.astype(np.float64))

    def of_newcomers(self, a_day: float) -> Iterator[tuple[Step, Floats]]:
        """Spread who is still to enter evenly over the days."""
        first = self.flow.first
        if first is None or not a_day:
            return
        for step, at, share in step_forecast.ahead(self.flow, first, first.delay, self.span.left):
            yield step, self.span.evenly(at, a_day * share)

    def _follow(self, step: Step, at: Ints, friends: Floats) -> Iterator[tuple[Step, Floats]]:
        for said, later, share in step_forecast.ahead(self.flow, step, timedelta(), self.span.left):
            yield said, self.span.counted(at + later // MICROSECOND, friends * share)

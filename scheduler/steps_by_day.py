"""What the steps of scenarios will send, day by day: those of who is in them, of who starts by date, and of newcomers.

By the method of scheduler.step_forecast, but that friends of a scenario by date start on their dates.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import step_forecast
from scheduler.models import Scenario, Step
from scheduler.scenario_flow import Flow

DAY = timedelta(days=1)
LEAST = 0.05
"""Messages a day below which nothing is expected."""


@dataclass(frozen=True)
class StepDay:
    """Messages that one step is expected to send on one day."""

    scenario: Scenario
    step: Step
    messages: float


Starts = Mapping[int, Mapping[date, int]]
"""By scenario: how many friends a scenario by date starts on which day."""


def expected(
    session: Session, now: datetime, until: datetime, zone: ZoneInfo, starts: Starts
) -> dict[date, list[StepDay]]:
    """Return what steps will send from `now` to `until`; scenarios that are switched off send nothing."""
    sent, pace = step_forecast.rates(session), step_forecast.pace(session, now)
    waiting = step_forecast.waiting(session, now, until)
    found: dict[date, list[StepDay]] = {}
    for scenario in session.scalars(select(Scenario).where(Scenario.active).order_by(Scenario.id)):
        flow = Flow(scenario.steps)
        coming = _Coming(flow, now, until, zone)
        days: dict[tuple[date, int], float] = defaultdict(float)
        for source in (
            coming.of_enrolled(waiting),
            coming.of_dates(starts.get(scenario.id, {})),
            coming.of_newcomers(0.0 if "date" in scenario.trigger else pace.get(scenario.id, 0.0)),
        ):
            for step, day, friends in source:
                days[day, step.id] += friends * sent.get(step.id, 1.0)
        steps = {step.id: step for step in scenario.steps}
        for (day, step_id), messages in sorted(days.items()):
            if messages >= LEAST:
                found.setdefault(day, []).append(StepDay(scenario, steps[step_id], messages))
    return found


@dataclass(frozen=True)
class _Coming:
    """Who comes to which message of one scenario, and on which day."""

    flow: Flow
    now: datetime
    until: datetime
    zone: ZoneInfo

    def of_enrolled(
        self, waiting: Mapping[int, list[tuple[timedelta, int]]]
    ) -> Iterator[tuple[Step, date, float]]:
        """Follow who is inside, from the step they wait for."""
        for step in self.flow.steps:
            for wait, count in waiting.get(step.id, ()):
                for ahead, at, share in step_forecast.ahead(self.flow, step, wait, self.until - self.now):
                    yield ahead, self._day(self.now + at), count * share

    def of_dates(self, starts: Mapping[date, int]) -> Iterator[tuple[Step, date, float]]:
        """Follow who starts on a day still to come."""
        first = self.flow.first
        for day, friends in starts.items():
            begins = datetime.combine(day, time(), self.zone)
            if first is None or begins < self.now:
                continue
            for ahead, at, share in step_forecast.ahead(self.flow, first, first.delay, self.until - begins):
                yield ahead, self._day(begins + at), friends * share

    def of_newcomers(self, a_day: float) -> Iterator[tuple[Step, date, float]]:
        """Spread who is still to enter evenly over the days."""
        first = self.flow.first
        if first is None or not a_day:
            return
        for ahead, at, share in step_forecast.ahead(self.flow, first, first.delay, self.until - self.now):
            begins = self.now + at
            while begins < self.until:
                day = self._day(begins)
                ends = min(datetime.combine(day + DAY, time(), self.zone), self.until)
                yield ahead, day, a_day * ((ends - begins) / DAY) * share
                begins = ends

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

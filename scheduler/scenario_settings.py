"""What scenarios are set to beyond their columns and what starts them by date, checked when saved."""

from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from scheduler.models import Scenario
from scheduler.step_settings import LONGEST_DAYS, BlockLimit, CountBack, DateKind, Part, read
from segments.leaves.node import Day, Name


class ScenarioSettings(Part):
    """Everything a scenario may be set to beyond its columns."""

    leave_when_unmatched: bool = True
    """Who no longer matches the scenario's condition leaves at the next step; False = it is asked at the start only."""
    block_limit: BlockLimit | None = BlockLimit()
    """None = no step pauses itself."""


_USUAL = ScenarioSettings()


class DateStart(Part):
    """A scenario's start by date."""

    date: Literal[
        DateKind.BIRTHDAY,
        DateKind.FIRST_PURCHASE,
        DateKind.TRIAL_END,
        DateKind.COUPON_END,
        DateKind.FIELD,
        DateKind.DAY,
    ]
    days_before: Annotated[int, Field(ge=-LONGEST_DAYS, le=365, strict=True)] = 0
    name: Name | None = None
    day: Day | None = None

    @model_validator(mode="after")
    def _complete(self) -> "DateStart":
        CountBack(date=DateKind(self.date), days=self.days_before, name=self.name, day=self.day)
        return self


def of_scenario(scenario: Scenario) -> ScenarioSettings:
    """Return a scenario's settings; raises Invalid (scenario_settings_invalid)."""
    return read_scenario(scenario.settings) if scenario.settings else _USUAL


def read_scenario(data: Any) -> ScenarioSettings:
    """Read a scenario's settings from JSON; raises Invalid (scenario_settings_invalid: at, problem)."""
    return read(ScenarioSettings, data, "scenario_settings_invalid")


def started_on(start: DateStart, day: date) -> date:
    """Return the date whose friends start on `day`."""
    return day + timedelta(days=start.days_before)


def read_date_start(data: Any) -> DateStart:
    """Read a trigger by date; raises Invalid (trigger_invalid)."""
    return read(DateStart, data, "trigger_invalid")

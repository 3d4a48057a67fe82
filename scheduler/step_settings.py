"""What steps are set to beyond their columns, as typed data with a JSON round trip, checked when saved."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from scheduler.models import Step, StepKind
from segments.errors import Invalid
from segments.leaves.node import Day, Name

LONGEST_DAYS = 3650
_P = TypeVar("_P", bound="Part")
YES, NO = "yes", "no"
ARMS = {YES, NO}


class Part(BaseModel):
    """Unchanging data that is strict about what it is made of."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class DateKind(StrEnum):
    """Dates of a friend's life that a step counts back from."""

    BIRTHDAY = "birthday"
    FIRST_PURCHASE = "first_purchase"
    """Its anniversary."""
    TRIAL_END = "trial_end"
    COUPON_END = "coupon_end"
    CYCLE_DUE = "cycle_due"
    CAUSE = "cause"
    """A date that the cause of the scenario tells under a name, e.g. `ends_at`."""
    FIELD = "field"
    """A date in one of the friend's own fields, e.g. the guarantee's end."""
    DAY = "day"
    """One day of the calendar, e.g. of an event."""


NAMED = {DateKind.CAUSE, DateKind.FIELD}


class CountBack(Part):
    """So many days before a date: negative counts are after it."""

    date: DateKind
    days: Annotated[int, Field(ge=-LONGEST_DAYS, le=LONGEST_DAYS, strict=True)] = 0
    name: Name | None = None
    """Of the cause's part, the field or the coupon's key."""
    day: Day | None = None

    @model_validator(mode="after")
    def _complete(self) -> "CountBack":
        if self.date in NAMED and self.name is None:
            message = "name is needed"
            raise ValueError(message)
        if (self.date is DateKind.DAY) != (self.day is not None):
            message = "day is needed for, and only for, date: day"
            raise ValueError(message)
        return self


class When(Part):
    """Which day and hour a step comes at, beyond its delay and time of day."""

    weekdays: Annotated[list[Annotated[int, Field(ge=0, le=6, strict=True)]], Field(max_length=7)] = []
    """0 = Monday: the step moves on to the first of these days; none = any day."""
    best_hour: bool = False
    """At the hour at which the friend reacts most (scheduler.best_hour), instead of a time of day."""
    before: CountBack | None = None
    """Counted back from a date, instead of on from the step before."""

    @field_validator("weekdays")
    @classmethod
    def _in_order(cls, given: list[int]) -> list[int]:
        return sorted(set(given))


class Otherwise(StrEnum):
    """What happens at the latest time of a wait whose condition never came true."""

    GO_ON = "go_on"
    LEAVE = "leave"


class Arm(Part):
    """One way that a split leads, with its share of friends in parts of all shares."""

    name: Annotated[Name, Field(max_length=64)]
    share: Annotated[int, Field(ge=0, le=1000, strict=True)]


class BlockLimit(Part):
    """Above which block rate a step pauses itself."""

    percent: Annotated[float, Field(gt=0, le=100)] = 3.0
    within_days: Annotated[int, Field(ge=1, le=30, strict=True)] = 3
    """A friend who blocks so soon after the step counts against it."""
    least: Annotated[int, Field(ge=1, le=100_000, strict=True)] = 30
    """Messages LINE must have accepted before the rate means anything."""


class StepSettings(Part):
    """Everything a step may be set to; what its kind does not know is refused."""

    when: When = When()
    latest_days: Annotated[float, Field(gt=0, le=LONGEST_DAYS)] | None = None
    """Of a wait: how long it waits at most."""
    otherwise: Otherwise = Otherwise.GO_ON
    arms: Annotated[list[Arm], Field(max_length=8)] = []
    block_limit: BlockLimit | None = None
    """The step's own limit, instead of its scenario's."""

    @property
    def latest(self) -> timedelta:
        """How long a wait lasts at most."""
        return timedelta(days=self.latest_days or 0)


def of_step(step: Step) -> StepSettings:
    """Return a step's settings; raises Invalid (step_settings_invalid)."""
    return read_step(step.settings) if step.settings else _PLAIN


_PLAIN = StepSettings()


def read_step(data: Any) -> StepSettings:
    """Read a step's settings from JSON; raises Invalid (step_settings_invalid: at, problem)."""
    return read(StepSettings, data, "step_settings_invalid")


def dump(settings: Part) -> dict[str, Any]:
    """Write settings as JSON that is read back as the same; what is as usual is left out."""
    return settings.model_dump(mode="json", exclude_defaults=True)


def check(kind: StepKind, settings: StepSettings, *, has_condition: bool) -> None:
    """Refuse settings that a step of this kind cannot work with; raises Invalid (step_settings_invalid)."""
    if kind in {StepKind.WAIT_UNTIL, StepKind.BRANCH, StepKind.GOAL} and not has_condition:
        raise _wrong("condition", "a condition is needed")
    if (kind is StepKind.WAIT_UNTIL) != (settings.latest_days is not None):
        raise _wrong("latest_days", "a wait_until needs its latest time, and no other kind has one")
    if (kind is StepKind.SPLIT) != bool(settings.arms):
        raise _wrong("arms", "a split needs its arms, and no other kind has any")
    if kind is StepKind.SPLIT:
        _check_arms(settings.arms)


def _check_arms(arms: list[Arm]) -> None:
    names = [arm.name for arm in arms]
    if len(names) < 2 or len(set(names)) < len(names):
        raise _wrong("arms", "two arms or more are needed, each with a name of its own")
    if sum(arm.share for arm in arms) == 0:
        raise _wrong("arms", "at least one share above 0 is needed")


def _wrong(at: str, problem: str) -> Invalid:
    return Invalid("step_settings_invalid", at=at, problem=problem)


def read(model: type[_P], data: Any, code: str) -> _P:
    """Read settings from JSON; raises Invalid with `code`, which part is wrong and why."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"])
        if code == "trigger_invalid":
            raise Invalid(code, given=f"{at}: {first['msg']}") from error
        raise Invalid(code, at=at, problem=first["msg"]) from error

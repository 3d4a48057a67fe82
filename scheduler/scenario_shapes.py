"""A scenario as a file: the shape of its JSON, what is wrong with one, and the drafts it stands for."""

import json
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError, field_validator

from scheduler.json_lines import line_of
from scheduler.models import Purpose, Reentry, StepKind
from scheduler.scenario_drafts import ScenarioDraft, StepDraft
from scheduler.scenario_settings import ScenarioSettings
from scheduler.step_settings import (
    LONGEST_DAYS,
    Arm,
    BlockLimit,
    CountBack,
    Otherwise,
    Part,
    StepSettings,
    When,
)
from segments.errors import Invalid
from segments.leaves.node import Name

VERSION = 1
_Count = Annotated[int, Field(ge=0, le=LONGEST_DAYS, strict=True)]
_Tree = dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """One thing to mend in a file."""

    line: int
    at: str
    """Where: `steps.2.after.hours`."""
    kind: str
    """pydantic's name of what is wrong, or the code of a refusal."""
    told: str
    """In English; `kind` has the words of other languages."""
    params: dict[str, Any] = field(default_factory=dict[str, Any])


class Span(Part):
    """A length of time."""

    days: _Count = 0
    hours: Annotated[int, Field(ge=0, le=10_000, strict=True)] = 0
    minutes: Annotated[int, Field(ge=0, le=100_000, strict=True)] = 0

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return timedelta(days=self.days, hours=self.hours, minutes=self.minutes)


def span_of(length: timedelta) -> Span:
    """Return a length of time as the file has it; seconds are dropped."""
    minutes = length.seconds // 60
    return Span(days=length.days, hours=minutes // 60, minutes=minutes % 60)


class Again(Part):
    """Re-entry after an interval."""

    after_days: Annotated[int, Field(ge=1, le=LONGEST_DAYS, strict=True)]


class Said(Part):
    """A message of the scenario's own."""

    name: Name | None = None
    content: _Tree
    """`{"ja": [message objects], "en": […]}`."""


class FileArm(Part):
    """One way of a split with its steps."""

    name: Annotated[Name, Field(max_length=64)]
    share: Annotated[int, Field(ge=0, le=1000, strict=True)]
    steps: "list[FileStep]" = []


class FileStep(Part):
    """One step."""

    id: int | None = None
    """Its number in the database: says which step it is when a file is read back over its scenario."""
    do: StepKind
    name: Annotated[str, Field(max_length=128)] = ""
    after: Span = Span()
    at: str | None = None
    weekdays: Annotated[list[Annotated[int, Field(ge=0, le=6, strict=True)]], Field(max_length=7)] = []
    best_hour: bool = False
    before: CountBack | None = None
    condition: Annotated[_Tree | None, Field(alias="if")] = None
    message: Name | Said | None = None
    """The key of a ready message, or one of its own."""
    purpose: Purpose = Purpose.CARE
    effects: _Tree = {}
    valid_for: Span | None = None
    rides_for: Span | None = None
    """How long its message waits for a free reply to go with."""
    latest_days: Annotated[float, Field(gt=0, le=LONGEST_DAYS)] | None = None
    otherwise: Otherwise = Otherwise.GO_ON
    block_limit: BlockLimit | None = None
    yes: "list[FileStep]" = []
    no: "list[FileStep]" = []
    arms: list[FileArm] = []

    @field_validator("at")
    @classmethod
    def _clock(cls, given: str | None) -> str | None:
        return given if given is None else f"{time.fromisoformat(given):%H:%M}"

    def draft(self, message_id: int | None) -> StepDraft:
        """Return the step as it is stored, its message already known by its id."""
        return StepDraft(
            kind=self.do,
            name=self.name,
            delay=self.after.length,
            at_time=time.fromisoformat(self.at) if self.at else None,
            condition=self.condition,
            message_id=message_id,
            purpose=self.purpose,
            effects=self.effects,
            valid_for=self.valid_for.length if self.valid_for else None,
            rides_for=self.rides_for.length if self.rides_for else None,
            settings=StepSettings(
                when=When(weekdays=self.weekdays, best_hour=self.best_hour, before=self.before),
                latest_days=self.latest_days,
                otherwise=self.otherwise,
                block_limit=self.block_limit,
                arms=[Arm(name=arm.name, share=arm.share) for arm in self.arms],
            ),
        )

    def inside(self) -> "list[tuple[str, tuple[str | int, ...], list[FileStep]]]":
        """Return its arms: name, where they stand in the file, steps."""
        arms = [(arm.name, ("arms", number, "steps"), arm.steps) for number, arm in enumerate(self.arms)]
        if self.do is StepKind.BRANCH:
            return [("yes", ("yes",), self.yes), ("no", ("no",), self.no)]
        return list(arms)


class FileScenario(Part):
    """A whole scenario."""

    kokyaku: Literal["scenario"]
    version: Literal[1] = 1
    name: Annotated[Name, Field(max_length=128)]
    name_en: Annotated[str, Field(max_length=128)] = ""
    starts: _Tree
    condition: Annotated[_Tree | None, Field(alias="if")] = None
    goal: _Tree | None = None
    again: Literal["never", "always"] | Again = "never"
    settings: ScenarioSettings = ScenarioSettings()
    steps: list[FileStep]

    def draft(self) -> ScenarioDraft:
        """Return the scenario as it is stored, without its steps."""
        after = timedelta(days=self.again.after_days) if isinstance(self.again, Again) else None
        return ScenarioDraft(
            name=self.name,
            name_en=self.name_en,
            trigger=self.starts,
            condition=self.condition,
            goal=self.goal,
            reentry=Reentry.AFTER_INTERVAL if isinstance(self.again, Again) else Reentry(self.again),
            reentry_interval=after,
            settings=self.settings,
        )


FileArm.model_rebuild()
FileStep.model_rebuild()
_READER = TypeAdapter(FileScenario)


def parse(text: str) -> FileScenario:
    """Read a file's text; raises Invalid (scenario_file_invalid: problems), with everything that is wrong at once."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise refused([Problem(error.lineno, "", "not_json", error.msg)]) from error
    except RecursionError as error:
        raise refused([Problem(1, "", "not_json", "too deep")]) from error
    try:
        return _READER.validate_python(data)
    except ValidationError as error:
        raise refused([_problem(text, dict(each)) for each in error.errors()[:20]]) from error


def refused(problems: list[Problem]) -> Invalid:
    """Return the refusal of a file."""
    return Invalid("scenario_file_invalid", problems=problems)


def problem_at(text: str, path: tuple[str | int, ...], error: Exception) -> Problem:
    """Return what a refusal by the database or the rules means for a place in the file."""
    code, params = getattr(error, "code", "invalid"), getattr(error, "params", {})
    inner = [part for part in str(params.get("at", "")).split(".") if part]
    at = (*path, *inner)
    return Problem(line_of(text, at), ".".join(map(str, at)), code, str(params.get("problem", error)), params)


def _problem(text: str, told: dict[str, Any]) -> Problem:
    path = tuple(part for part in told["loc"] if part not in {"Said", "constrained-str", "Again"})
    path = tuple(part for part in path if not str(part).startswith(("literal[", "function-")))
    at = ".".join(map(str, path))
    return Problem(line_of(text, path), at, told["type"], told["msg"], dict(told.get("ctx") or {}))

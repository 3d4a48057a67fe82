"""The shapes of the API's bodies about scenarios."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from bot.api.shapes import BIGGEST_ID, PLAIN, WHOLE, Shape

LONGEST_CAUSE = 40


class EnrolmentIn(Shape):
    """A friend who is to start a scenario; the same `cause` starts it once, also when the call is repeated."""

    friend_id: Annotated[int, Field(ge=1, le=BIGGEST_ID, strict=True), WHOLE]
    cause: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_CAUSE, pattern=PLAIN)] | None = (
        Field(
            default=None,
            description="同じ値での2回目以降の呼び出しでは始まりません / what it is about, e.g. an order number: starts once",
        )
    )


class EnrolmentOut(BaseModel):
    """Whether the friend started now; with the number of the enrolment, also of the one this cause started before."""

    entered: bool
    enrolment_id: int | None


class FriendsOut(BaseModel):
    """Friends of a scenario by where they stand."""

    inside: int
    completed: int
    goal: int
    left: int


class ScenarioOut(BaseModel):
    """One scenario in a list."""

    id: int
    key: str | None
    name: str
    name_en: str
    active: bool
    steps: int
    friends: FriendsOut
    created_at: datetime


class ScenariosOut(BaseModel):
    """All scenarios."""

    scenarios: list[ScenarioOut]


class ScenarioDetail(ScenarioOut):
    """A scenario with its making, as a file has it (docs/scenarios.md)."""

    version: int
    definition: dict[str, Any]


class ExitOut(BaseModel):
    """Friends who were done before the end, all for one reason."""

    state: str
    reason: str
    friends: int


class StepFiguresOut(BaseModel):
    """How friends fare at one step."""

    id: int
    kind: str
    name: str
    active: bool
    removed: bool
    waiting: int
    passed: dict[str, int]
    """Friends who went on, by arm."""
    deliveries: dict[str, int]
    """Of its message, by state."""
    tapped: int
    block_percent: float
    blocked: int
    exits: list[ExitOut]
    at_goal: dict[str, int]


class ScenarioFiguresOut(BaseModel):
    """How friends fare in a scenario."""

    entered: int
    friends: FriendsOut
    exits: list[ExitOut]
    steps: list[StepFiguresOut]


TAKEN = (EnrolmentIn,)
GIVEN = (ScenariosOut, ScenarioDetail, ScenarioOut, ScenarioFiguresOut, EnrolmentOut)

"""The shapes of the calls about quota, money and the kill switch."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from bot.api.shapes import Shape


class PlanOut(BaseModel):
    """One of LINE's plans, and what all that is wanted this month would cost on it; null when it is too small."""

    key: str
    name: str
    name_en: str
    monthly_yen: int
    included: int
    bill_yen: int | None


class ReservedOut(BaseModel):
    """What planned sends will use of this month."""

    queued: int
    unplanned: int
    scheduled: int


class ForecastOut(BaseModel):
    """What the month will have come to by its end.

    `wanted` is `messages` and what waits for money: `short_by`, `cheapest_plan`, `saves_yen` and the plans' bills go by it.
    """

    steps_enrolled: int
    steps_newcomers: int
    messages: int
    wanted: int
    bill_yen: int
    short_by: int
    cheapest_plan: str | None
    saves_yen: int


class CheckOut(BaseModel):
    """One night's comparison of our count with LINE's."""

    day: date
    ours: int
    line: int
    difference: int
    alarm: bool


class QuotaOut(BaseModel):
    """This month's messages and yen before tax."""

    month: str
    plan: str
    used: int
    ours: int
    beyond_ours: int
    line_used: int | None
    line_limit: int | None
    line_asked_at: datetime | None
    limit: int | None
    budget_yen: int | None
    bill_yen: int
    reserved: ReservedOut
    kept_for_care: int
    held: int
    held_since: datetime | None
    forecast: ForecastOut
    plans: list[PlanOut]
    last_check: CheckOut | None


class KillSwitchIn(Shape):
    """Stop everything, or let it go on."""

    stopped: Annotated[bool, Field(strict=True)]
    reason: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class KillSwitchOut(BaseModel):
    """Whether everything stands still, and who turned the switch last."""

    stopped: bool
    by: str | None
    at: datetime | None
    reason: str


TAKEN = (KillSwitchIn,)
GIVEN = (QuotaOut, KillSwitchOut)

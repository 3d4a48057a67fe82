"""The shapes of what friends did elsewhere, and of their points."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from bot.api.shapes import PLAIN, WHOLE, Shape
from segments.points import MOST
from segments.surveys import ANSWER_LIMIT, QUESTION_LIMIT

# Something to read in it; an answer may have several lines.
ONE_LINE = r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$"
LINES = r"^[^\x00]*\S[^\x00]*$"
Question = Annotated[str, StringConstraints(min_length=1, max_length=QUESTION_LIMIT, pattern=ONE_LINE)]
Answer = Annotated[str, StringConstraints(min_length=1, max_length=ANSWER_LIMIT, pattern=LINES)]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PLAIN)]
WHEN = Field(None, description="ISO 8601 with its zone; now when left out")


class AnswerIn(Shape):
    """What a friend answered, on paper or in a form of the shop's own."""

    question: Question
    answer: Answer
    at: AwareDatetime | None = WHEN


class AnswerOut(BaseModel):
    """The answer that counts; `created` is false when it was the one just given."""

    friend_id: int
    question: str
    answer: str
    at: datetime
    created: bool


class Happening(StrEnum):
    """What a friend may have done elsewhere."""

    JOINED_EVENT = "joined_event"
    COMPLAINT = "complaint"


class EventIn(Shape):
    """Something a friend did elsewhere; told again under the same `reference` it changes nothing."""

    # The description says it too: whoever reads it need not find out by being refused.
    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"properties": {"kind": {"const": "complaint"}}},
                {"properties": {"event": {"type": "string"}}, "required": ["event"]},
            ]
        }
    )

    kind: Happening
    event: Question | None = Field(
        None,
        validate_default=True,
        description="参加したイベント（参加のときは必須） / the event joined, needed when one was joined",
    )
    at: AwareDatetime | None = WHEN
    reference: Reference | None = None

    @field_validator("event", mode="after")
    @classmethod
    def _named(cls, event: str | None, info: ValidationInfo) -> str | None:
        if event is None and info.data.get("kind") is Happening.JOINED_EVENT:
            message = "which event was joined is needed"
            raise ValueError(message)
        return event


class EventOut(BaseModel):
    """What was taken note of, and how often it happened by now."""

    friend_id: int
    kind: Happening
    created: bool
    count: int


class PointsIn(Shape):
    """Points to give, or with a negative number to spend; told again for the same `cause` it changes nothing."""

    points: Annotated[
        int, Field(ge=-MOST, le=MOST, strict=True, json_schema_extra={"not": {"const": 0}}), WHOLE
    ]
    cause: Reference


class Expiring(BaseModel):
    """Points that go on one day."""

    at: datetime
    points: int


class PointEntryOut(BaseModel):
    """One movement of points."""

    points: int
    cause: str
    by: str
    at: datetime
    expires_at: datetime | None


class PointsOut(BaseModel):
    """How a friend's points stand, with the latest hundred movements, the newest first."""

    friend_id: int
    balance: int
    expiring: list[Expiring]
    entries: list[PointEntryOut]


TAKEN: tuple[type[BaseModel], ...] = (AnswerIn, EventIn, PointsIn)
GIVEN: tuple[type[BaseModel], ...] = (AnswerOut, EventOut, PointsOut)

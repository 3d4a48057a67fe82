"""The shapes of the API's bodies about segments."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from bot.api import condition_schema
from bot.api.shapes import PLAIN, WHOLE, Shape
from segments.saved import LONGEST_NAME

_SEEN = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]"
"""A letter that a name may hold."""
_NAME = rf"^{_SEEN}*[^\s\x00-\x1f\x7f-\x9f]{_SEEN}*$"
SegmentName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=PLAIN),
    # What `saved` asks of a name, which says in words what is wrong with it: no control letters, not blanks alone.
    Field(json_schema_extra={"pattern": _NAME}),
]
ConditionJson = Annotated[
    dict[str, Any],
    Field(
        description="条件。書き方は docs/segments.md / a condition, as docs/segments.md has it",
        examples=[{"version": 1, "is": "last_purchase", "within_days": 30}],
        json_schema_extra={condition_schema.MARK: True},
    ),
]


class SegmentIn(Shape):
    """A segment to be saved."""

    name: SegmentName
    condition: ConditionJson


class SegmentEdit(Shape):
    """A change to the segment as it stands in `version`; what is left out stays."""

    version: Annotated[int, Field(ge=1, le=2**31 - 2, strict=True), WHOLE]
    name: SegmentName | None = None
    condition: ConditionJson | None = None


class ConditionIn(Shape):
    """A condition to be counted."""

    condition: ConditionJson


class SegmentOut(BaseModel):
    """A saved segment; `problem` says why it cannot be counted, when a name in it is gone."""

    id: int
    name: str
    version: int
    condition: dict[str, Any]
    words: str | None
    problem: str | None
    created_at: datetime
    updated_at: datetime


class SegmentsOut(BaseModel):
    """All saved segments."""

    segments: list[SegmentOut]


class CountOut(BaseModel):
    """To how many friends a send would be written now."""

    count: int


class MemberOut(BaseModel):
    """A friend of a segment."""

    id: int
    member_number: str | None
    display_name: str
    language: str


class MembersOut(BaseModel):
    """A page of a segment's friends by id; `next` is the `after` of the following page, null on the last."""

    friends: list[MemberOut]
    next: int | None


class ExplanationOut(BaseModel):
    """Why a friend is in a segment or not: in a sentence, and part by part."""

    included: bool
    verdict: str
    tree: dict[str, Any]

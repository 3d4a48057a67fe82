"""What every part of a condition is: unchanging typed data, and what each leaf can say of itself."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Annotated, Any, ClassVar, NamedTuple, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from sqlalchemy import ColumnElement, Select, exists

from segments.leaves.context import Context, Edge, Known, Span
from segments.leaves.said import Said
from segments.models import Facts, Friend

LONGEST_LIST = 1000
"""Friends named one by one in a condition; longer lists are frozen (audience.freeze_list) and named as one."""
BIGGEST_ID = 2**63 - 1

# No control letters: PostgreSQL stores no NUL, and nobody's tag has any.
PLAIN = r"^[^\x00-\x1f\x7f]+$"


def _written_day(value: Any) -> Any:
    if isinstance(value, date) or (isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value)):
        return value
    message = "a day is written 2026-11-21"
    raise ValueError(message)


def _believable(day: date) -> date:
    """Refuse the ends of the calendar, where the first hours of a day are no date in UTC."""
    if not 1900 <= day.year <= 2200:
        message = "between 1900 and 2200"
        raise ValueError(message)
    return day


def one_needed(*names: str) -> ConfigDict:
    """Return the configuration by which a node's description tells that one of these must be said."""

    def tell(schema: dict[str, Any]) -> None:
        said: dict[str, Any] = {name: _filled(schema["properties"][name]) for name in names}
        schema["anyOf"] = [{"required": [name], "properties": {name: each}} for name, each in said.items()]

    return ConfigDict(json_schema_extra=tell)


def _filled(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the description of a field without that of its being left empty."""
    if schema.get("type") == "array":
        return {"type": "array", "minItems": 1}
    kinds: list[dict[str, Any]] = [each for each in schema["anyOf"] if each.get("type") != "null"]
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}


Days = Annotated[int, Field(ge=1, le=3660, strict=True)]
Number = Annotated[int, Field(ge=0, le=10**9, strict=True)]
Id = Annotated[int, Field(ge=1, le=BIGGEST_ID, strict=True)]
Name = Annotated[str, Field(min_length=1, max_length=128, pattern=PLAIN)]
Day = Annotated[
    date,
    BeforeValidator(_written_day),
    AfterValidator(_believable),
    Field(json_schema_extra={"pattern": r"^(19|20|21)\d\d-|^2200-"}),
]
Names = Annotated[list[Name], Field(min_length=1, max_length=LONGEST_LIST)]
MaybeNames = Annotated[list[Name], Field(max_length=LONGEST_LIST)]


def _whole(value: Any) -> Any:
    """Take 30.0 for 30, as JSON Schema does; "30", true and 29.8 stay what they are, and are refused."""
    if isinstance(value, list):
        return [_whole(each) for each in cast("list[Any]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Node(BaseModel):
    """A part of a condition: unchanging, and strict about what it is made of."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _with_whole_numbers(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        given = cast("dict[str, Any]", data)
        return {name: _whole(value) for name, value in given.items()}


class Cost(IntEnum):
    """How dear a leaf is to answer for one friend; the cheap ones are asked first."""

    FACTS = 0
    FRIEND = 1
    ROWS = 2
    MANY_ROWS = 3
    DOCUMENT = 4


class Named(NamedTuple):
    """Something that a leaf names and that may be deleted."""

    kind: str
    """`tag`, `product`, `category`, `coupon`, `link`, `audience` or `segment`."""
    key: Any


@dataclass(frozen=True)
class Seen:
    """What there is to see in one friend: the columns to read, and how to say what they hold."""

    columns: tuple[Any, ...]
    say: Callable[..., Said]
    """Given the columns' values in their order."""


def glance(column: Any, say: Callable[[Any], Said]) -> Seen:
    """Return what one column shows."""
    return Seen((column,), say)


class Leaf(Node, ABC):
    """One question about a friend."""

    cost: ClassVar[Cost] = Cost.FACTS
    reads_rfm: ClassVar[bool] = False
    """Whether the shop's cuts and measured deciles decide what it means."""

    @abstractmethod
    def sql(self, context: Context) -> ColumnElement[bool]:
        """Return the expression over Friend joined with Facts: true or false, never unknown."""

    @abstractmethod
    def edges(self, span: Span) -> list[Edge]:
        """Return selects of everyone whose answer may have changed by the passing of time alone."""

    @abstractmethod
    def words(self, known: Known) -> Said:
        """Say the question, so that 「…」にあてはまる / `not: …` can be put around it."""

    def seen(self, context: Context) -> Seen | None:
        """Return what the answer is read from in one friend; None when the question says it all."""

    def named(self) -> Iterable[Named]:
        """Return what is named and may be gone."""
        return ()


class Timeless(Leaf):
    """A question whose answer does not change by the passing of time alone."""

    def edges(self, span: Span) -> list[Edge]:
        """Return nobody."""
        return []


def having(rows: Select[Any], friend_id: Any, context: Context) -> ColumnElement[bool]:
    """Return the expression for friends who have such rows; `rows` selects their friend ids, never null."""
    if context.wide:
        # Of facts: so SQLite asks after what the facts say, and goes through a short list's facts first.
        return Facts.friend_id.in_(rows)
    return exists(rows.where(friend_id == Friend.id).correlate(Friend))

"""The fields of every kind of condition, derived from the schema of the class that reads it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any

from bot.console.condition_labels import place_of
from segments.condition_leaves import LEAVES
from segments.conditions import InSegment

Schema = dict[str, Any]
FEW = 12
"""Numbers up to here are ticked one by one."""


class Widget(StrEnum):
    """How a value is given."""

    NUMBER = "number"
    DECIMAL = "decimal"
    DAY = "day"
    TEXT = "text"
    CHOICE = "choice"
    """One of few."""
    TICKS = "ticks"
    """Some of few."""
    PICK = "pick"
    """One of what the shop has."""
    PICKS = "picks"
    """Some of what the shop has."""
    SWITCH = "switch"
    MAYBE = "maybe"
    """Yes, no, or never mind."""


class Source(StrEnum):
    """Where what is picked comes from."""

    TAG = "tag"
    PRODUCT = "product"
    CATEGORY = "category"
    LINK = "link"
    COUPON = "coupon"
    AUDIENCE = "audience"
    SEGMENT = "segment"
    FRIEND = "friend"
    ROUTE = "route"
    LANGUAGE = "language"
    QUESTION = "question"
    ANSWER = "answer"
    FIELD = "field"
    SETTER = "setter"
    RUNG = "rung"


SOURCES = {
    "names": Source.TAG,
    "products": Source.PRODUCT,
    "categories": Source.CATEGORY,
    "category": Source.CATEGORY,
    "links": Source.LINK,
    "keys": Source.COUPON,
    "audience_id": Source.AUDIENCE,
    "segment_id": Source.SEGMENT,
    "ids": Source.FRIEND,
    "routes": Source.ROUTE,
    "languages": Source.LANGUAGE,
    "question": Source.QUESTION,
    "answers": Source.ANSWER,
    "name": Source.FIELD,
    "set_by": Source.SETTER,
    "to": Source.RUNG,
}


@dataclass(frozen=True)
class Field:
    """One value of a condition, and how it is typed."""

    kind: str
    name: str
    """As in the condition's JSON; with a dot for a value inside of another."""
    widget: Widget
    source: Source | None = None
    options: tuple[str, ...] = ()
    """What there is to choose from, as far as the schema says."""
    is_number: bool = False
    """Whether the value, or each of its values, is a whole number."""
    low: float | None = None
    high: float | None = None
    is_required: bool = False
    default: str = ""
    """What stands in a condition that was just added."""

    @property
    def is_list(self) -> bool:
        """Whether it holds several values."""
        return self.widget in (Widget.TICKS, Widget.PICKS)


CLASSES: Mapping[str, Any] = {each.model_fields["kind"].default: each for each in (*LEAVES, InSegment)}
"""The class that reads each kind which is no group."""


@cache
def fields_of(kind: str) -> tuple[Field, ...]:
    """Return the fields of a kind in the order of the form; KeyError for an unknown kind."""
    schema: Schema = CLASSES[kind].model_json_schema()
    found = _fields(kind, schema, schema.get("$defs", {}), "")
    return tuple(sorted(found, key=lambda field: place_of(field.name)))


def _fields(kind: str, schema: Schema, definitions: Schema, inside: str) -> Iterator[Field]:
    required = set(schema.get("required", ()))
    for name, given in schema["properties"].items():
        if name == "is":
            continue
        meant, is_maybe = _meant(given, definitions)
        if meant["type"] == "object":
            yield from _fields(kind, meant, definitions, f"{inside}{name}.")
        else:
            field = _field(kind, inside + name, meant, definitions, is_maybe)
            usual = "" if inside or given.get("default") in (None, False) else str(given["default"])
            yield replace(field, is_required=name in required and not inside, default=usual)


def _meant(given: Schema, definitions: Schema) -> tuple[Schema, bool]:
    """Return what a value is when it is there, and whether it may be nothing."""
    some = next(each for each in given.get("anyOf", [given]) if each.get("type") != "null")
    if "$ref" in some:
        some = definitions[some["$ref"].rpartition("/")[2]]
    return some, "anyOf" in given


def _field(kind: str, name: str, given: Schema, definitions: Schema, is_maybe: bool) -> Field:
    is_list = given["type"] == "array"
    one = _meant(given["items"], definitions)[0] if is_list else given
    is_number, source = one["type"] == "integer", SOURCES.get(name)
    options = tuple(map(str, one.get("enum", ())))
    low, high = one.get("minimum"), one.get("maximum")
    if is_number and not source and high is not None and high <= FEW and (is_list or "." in name):
        options = tuple(map(str, range(int(low or 0), int(high) + 1)))
    widget = _several(options) if is_list else _single(one, options, source, is_maybe)
    return Field(kind, name, widget, source, options, is_number, low, high)


def _several(options: tuple[str, ...]) -> Widget:
    return Widget.TICKS if options else Widget.PICKS


def _single(one: Schema, options: tuple[str, ...], source: Source | None, is_maybe: bool) -> Widget:
    if source:
        return Widget.PICK
    if options:
        return Widget.CHOICE
    match one:
        case {"type": "boolean"}:
            return Widget.MAYBE if is_maybe else Widget.SWITCH
        case {"type": "integer"}:
            return Widget.NUMBER
        case {"type": "number"}:
            return Widget.DECIMAL
        case {"format": "date"}:
            return Widget.DAY
        case _:
            return Widget.TEXT

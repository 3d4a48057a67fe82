"""Conditions on friends as data: a tree of typed leaves under all, any and none, with a JSON round trip.

Written as `{"version": 1, "is": "all", "of": [{"is": "stage", "stages": ["trial"]}, …]}`; docs/segments.md lists them.
"""

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal, cast

from pydantic import Field, TypeAdapter, ValidationError

from segments.condition_leaves import Leaf
from segments.errors import Invalid
from segments.leaves.node import Id, Node

VERSION = 1
DEEPEST = 10
MOST = 200
"""Leaves in one condition, those of the segments it names included: SQLite reads no expression much larger."""
MOST_NAMES = 20_000
"""Things named in its lists, those of the segments it names included: each is a value that a statement carries."""


class All(Node):
    """Every one of the conditions holds; of none at all, that is everyone."""

    kind: Literal["all"] = Field(default="all", alias="is")
    of: "list[Condition]"


class AnyOf(Node):
    """At least one of the conditions holds; of none at all, that is nobody."""

    kind: Literal["any"] = Field(default="any", alias="is")
    of: "list[Condition]"


class NoneOf(Node):
    """Not one of the conditions holds."""

    kind: Literal["none"] = Field(default="none", alias="is")
    of: "list[Condition]"


class InSegment(Node):
    """Is in another saved segment, by its condition as it stands now."""

    kind: Literal["segment"] = Field(default="segment", alias="is")
    segment_id: Id


Branch = All | AnyOf | NoneOf
Condition = Annotated[Branch | InSegment | Leaf, Field(discriminator="kind")]

for _branch in (All, AnyOf, NoneOf):
    _branch.model_rebuild()

_READER: TypeAdapter[Condition] = TypeAdapter(Condition)


def parse(data: Any) -> Condition:
    """Read a condition from JSON.

    Raises Invalid: condition_version_unknown(version), condition_unknown(kind, at), condition_too_deep(deepest),
    condition_too_large(most), condition_too_many_names(most) or condition_invalid(at, problem); nothing that is not understood is ever left out.
    """
    if not isinstance(data, dict):
        raise Invalid("condition_invalid", at="", problem="an object is needed")
    tree: dict[str, Any] = {**data}  # pyright: ignore[reportUnknownArgumentType] -- JSON from outside
    version = tree.pop("version", VERSION)
    if version != VERSION:
        raise Invalid("condition_version_unknown", version=version)
    _check_size(tree)
    try:
        read = _READER.validate_python(tree)
    except ValidationError as error:
        raise _refusal(error) from error
    if names(read) > MOST_NAMES:
        raise Invalid("condition_too_many_names", most=MOST_NAMES)
    return read


def parse_text(text: str) -> Condition:
    """Read a condition from JSON text; raises Invalid("condition_not_json") and as `parse`."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("condition_not_json") from error
    return parse(data)


def dump(condition: Condition) -> dict[str, Any]:
    """Write a condition as JSON that `parse` reads back as the same."""
    tree = condition.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {"version": VERSION} | tree


def walk(condition: Condition) -> Iterator[Condition]:
    """Yield every part of the tree, the whole first; saved segments are not entered."""
    yield condition
    if isinstance(condition, All | AnyOf | NoneOf):
        for each in condition.of:
            yield from walk(each)


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Yield every leaf of the tree."""
    for each in walk(condition):
        if not isinstance(each, All | AnyOf | NoneOf | InSegment):
            yield each


def names(condition: Condition) -> int:
    """Return how many things the lists of its leaves name; saved segments are not entered."""
    values = (value for leaf in leaves(condition) for _, value in leaf)
    return sum(len(cast("list[Any]", each)) for each in values if isinstance(each, list))


def depth(condition: Condition) -> int:
    """Return how many branches lie above the deepest leaf."""
    if not isinstance(condition, All | AnyOf | NoneOf):
        return 0
    return 1 + max((depth(each) for each in condition.of), default=0)


def _check_size(tree: Any) -> None:
    """Refuse a tree that is too deep or too large before anything walks it by recursion."""
    level, parts = [tree], 0
    for _ in range(DEEPEST + 1):
        parts += len(level)
        if parts > 2 * MOST:
            raise Invalid("condition_too_large", most=MOST)
        level = [each for node in level for each in _below(node)]
    if level:
        raise Invalid("condition_too_deep", deepest=DEEPEST)


def _below(node: Any) -> list[Any]:
    below: Any = cast("dict[str, Any]", node).get("of") if isinstance(node, dict) else None
    return cast("list[Any]", below) if isinstance(below, list) else []


def _refusal(error: ValidationError) -> Invalid:
    first = error.errors()[0]
    at = ".".join(str(part) for part in first["loc"])
    if first["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        return Invalid("condition_unknown", kind=str(first.get("ctx", {}).get("tag", "")), at=at)
    return Invalid("condition_invalid", at=at, problem=first["msg"])

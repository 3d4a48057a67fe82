"""Conditions on friends as data: a tree of typed leaves under all, any and none, with a JSON round trip.

Written as `{"version": 1, "is": "all", "of": [{"is": "stage", "stages": ["trial"]}, …]}`.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from segments.condition_leaves import Leaf, Node
from segments.errors import Invalid

VERSION = 1
DEEPEST = 10


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


Branch = All | AnyOf | NoneOf
Condition = Annotated[Branch | Leaf, Field(discriminator="kind")]

for _branch in (All, AnyOf, NoneOf):
    _branch.model_rebuild()

_READER: TypeAdapter[Condition] = TypeAdapter(Condition)


def parse(data: Any) -> Condition:
    """Read a condition from JSON.

    Raises Invalid: condition_version_unknown(version), condition_unknown(kind, at), condition_too_deep or
    condition_invalid(at, problem); nothing that is not understood is ever left out.
    """
    if not isinstance(data, dict):
        raise Invalid("condition_invalid", at="", problem="an object is needed")
    tree: dict[str, Any] = {**data}  # pyright: ignore[reportUnknownArgumentType] -- JSON from outside
    version = tree.pop("version", VERSION)
    if version != VERSION:
        raise Invalid("condition_version_unknown", version=version)
    try:
        condition = _READER.validate_python(tree)
    except ValidationError as error:
        raise _refusal(error) from error
    if depth(condition) > DEEPEST:
        raise Invalid("condition_too_deep", deepest=DEEPEST)
    return condition


def dump(condition: Condition) -> dict[str, Any]:
    """Write a condition as JSON that `parse` reads back as the same."""
    tree = condition.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {"version": VERSION} | tree


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Yield every leaf of the tree."""
    if isinstance(condition, All | AnyOf | NoneOf):
        for each in condition.of:
            yield from leaves(each)
    else:
        yield condition


def depth(condition: Condition) -> int:
    """Return how many branches lie above the deepest leaf."""
    if not isinstance(condition, All | AnyOf | NoneOf):
        return 0
    return 1 + max((depth(each) for each in condition.of), default=0)


def _refusal(error: ValidationError) -> Invalid:
    first = error.errors()[0]
    at = ".".join(str(part) for part in first["loc"])
    if first["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        return Invalid("condition_unknown", kind=str(first.get("ctx", {}).get("tag", "")), at=at)
    return Invalid("condition_invalid", at=at, problem=first["msg"])

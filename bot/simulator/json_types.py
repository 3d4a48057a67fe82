"""JSON as the type checker sees it: narrowing from anything to object, array and text."""

import json
from typing import Any, cast

JsonObject = dict[str, Any]
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def as_object(value: Any) -> JsonObject | None:
    """The value when it is a JSON object."""
    return cast("JsonObject", value) if isinstance(value, dict) else None


def as_array(value: Any) -> list[Any] | None:
    """The value when it is a JSON array."""
    return cast("list[Any]", value) if isinstance(value, list) else None


def as_integer(value: Any) -> int | None:
    """The value when it is a whole number; true and false are not."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def compact(value: Any) -> str:
    """One line of JSON without spaces, non-ASCII kept."""
    return _ENCODER.encode(value)

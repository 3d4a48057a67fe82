"""The JSON schema of conditions, for the API's description: made from the classes that read them, leaf by leaf."""

from functools import cache
from typing import Any, cast

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaWarningKind

from segments.conditions import VERSION, Condition

WHOLE, PART = "Condition", "ConditionPart"
"""A condition as it is sent and saved, and one inside another: the whole alone may name its version."""
MARK = "x-condition"
"""What a body's field carries in whose place the schema of a condition is to stand."""

_REF = "#/components/schemas/"
Schema = dict[str, Any]


class _Generator(GenerateJsonSchema):
    # Inside itself the list of kinds is not yet known by name; there `_said_once` puts a reference.
    ignored_warning_kinds: set[JsonSchemaWarningKind] = {"skipped-choice", "skipped-discriminator"}


@cache
def components() -> dict[str, Schema]:
    """Return the schemas by name: the whole, its parts, each kind of them, and what those are made of."""
    reader = TypeAdapter[Any](Condition)
    made: Schema = reader.json_schema(ref_template=f"{_REF}{PART}{{model}}", schema_generator=_Generator)
    definitions: dict[str, Schema] = {PART + name: each for name, each in made.pop("$defs").items()}
    kinds = [each["$ref"].removeprefix(_REF) for each in made["oneOf"]]
    for name in kinds:
        definitions[name]["required"] = sorted({"is", *definitions[name].get("required", ())})
    wholes = [_whole(definitions[name]) for name in kinds]
    found = {PART: made, **definitions, WHOLE: {"title": WHOLE, "oneOf": wholes}}
    return {name: _said_once(each, made) if name != PART else each for name, each in found.items()}


def put_in(schema: Any) -> Any:
    """Return a schema with a reference to the whole wherever MARK stands."""
    if isinstance(schema, list):
        return [put_in(each) for each in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    known = cast("Schema", schema)
    if MARK in known:
        kept = {name: each for name, each in known.items() if name in ("description", "examples")}
        return {"$ref": _REF + WHOLE, **kept}
    return {name: put_in(each) for name, each in known.items()}


def _whole(kind: Schema) -> Schema:
    version = {"const": VERSION, "type": "integer"}
    return kind | {"properties": {"version": version, **kind["properties"]}}


def _said_once(schema: Any, part: Schema) -> Any:
    """Return a schema with a reference to the part wherever all of its kinds are listed."""
    if isinstance(schema, list):
        return [_said_once(each, part) for each in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    known = cast("Schema", schema)
    if known.get("oneOf") == part["oneOf"]:
        return {"$ref": _REF + PART}
    return {name: _said_once(each, part) for name, each in known.items()}

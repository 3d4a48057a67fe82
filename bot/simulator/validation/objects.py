"""Checks of JSON objects: by their fields, by the type they name, and by rules across fields."""

from collections.abc import Mapping
from typing import Any

from bot.simulator.json_types import JsonObject, as_object
from bot.simulator.validation.problems import Path, Problems
from bot.simulator.validation.rules import Check, Fields


def record(fields: Fields, *, strict: bool = False, also: Check | None = None) -> Check:
    """An object with these fields; `strict` refuses others, `also` looks at the object as a whole."""

    def check(value: Any, path: Path, problems: Problems) -> None:
        found = as_object(value)
        if found is None:
            problems.add(path, "type")
            return
        _check_fields(found, fields, path, problems)
        if strict:
            for name in found.keys() - fields.keys():
                problems.add((*path, name), "unknown")
        if also is not None:
            also(found, path, problems)

    return check


def by_type(kinds: Mapping[str, Check]) -> Check:
    """An object whose `type` says which check it must pass."""
    names = ", ".join(sorted(kinds))

    def check(value: Any, path: Path, problems: Problems) -> None:
        found = as_object(value)
        if found is None:
            problems.add(path, "type")
        elif "type" not in found:
            problems.add((*path, "type"), "missing")
        elif (kind := found["type"]) not in kinds:
            problems.add((*path, "type"), "choice", choices=names)
        else:
            kinds[kind](found, path, problems)

    return check


def later(kinds: Mapping[str, Check], name: str) -> Check:
    """The check that will stand in `kinds` under `name`: for shapes that contain themselves."""

    def check(value: Any, path: Path, problems: Problems) -> None:
        kinds[name](value, path, problems)

    return check


def _check_fields(found: JsonObject, fields: Fields, path: Path, problems: Problems) -> None:
    for name, field in fields.items():
        value = found.get(name)
        if value is not None:
            field.check(value, (*path, name), problems)
        elif field.required:
            problems.add((*path, name), "missing")

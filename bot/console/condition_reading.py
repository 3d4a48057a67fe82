"""Makes a condition of what stands in a form, and says beside each field what must be mended first."""

import json
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from pydantic import ValidationError

from bot.console import condition_values
from bot.console.condition_fields import CLASSES, Field, fields_of
from bot.console.condition_parts import Part, Path, name_of
from bot.words import explain
from segments import conditions
from segments.conditions import All, AnyOf, Condition, NoneOf
from segments.errors import Invalid
from segments.leaves.node import LONGEST_LIST

_BRANCHES = {"all": All, "any": AnyOf, "none": NoneOf}
_LACKING = frozenset({"missing", "too_short", "string_too_short", "value_error"})


@dataclass
class Reading:
    """What a form amounts to."""

    prefix: str
    errors: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """What must be mended, by the name of the field; by that of the part when it is about the whole of it."""
    lacking: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """What is not filled in yet, likewise: no mistake while somebody is still at it."""
    leaves: dict[Path, Condition] = field(default_factory=dict[Path, Condition])
    """The single conditions that make sense, by their place."""
    tree: Condition | None = None
    """The whole, once nothing must be mended and nothing is lacking."""


def read(whole: Part, prefix: str) -> Reading:
    """Make a condition of a form's parts."""
    reading = Reading(prefix)
    tree = _read(whole, (), reading)
    if tree is not None and not reading.errors and not reading.lacking:
        try:
            reading.tree = conditions.parse(conditions.dump(tree))
        except Invalid as error:
            reading.errors[prefix] = [explain(error)]
    return reading


def _read(part: Part, path: Path, reading: Reading) -> Condition | None:
    if not part.is_group:
        found = _leaf(part, path, reading)
        if found is not None:
            reading.leaves[path] = found
        return found
    below = [_read(each, (*path, number), reading) for number, each in enumerate(part.parts)]
    inner = [each for each in below if each is not None]
    if part.is_bare and part.kind != "none" and len(below) == 1:
        return inner[0] if inner else None
    return _BRANCHES[part.kind](of=inner)


def _leaf(part: Part, path: Path, reading: Reading) -> Condition | None:
    name = name_of(reading.prefix, path)
    if part.raw or not part.is_known:
        return _raw(part, name, reading)
    data: dict[str, Any] = {"is": part.kind}
    unreadable = False
    for each in fields_of(part.kind):
        try:
            _put(data, each, condition_values.read(each, part.typed.get(each.name, [])))
        except condition_values.Unreadable as error:
            reading.errors[f"{name}.{each.name}"], unreadable = [str(error)], True
    if unreadable:
        return None
    try:
        return CLASSES[part.kind].model_validate(data)
    except ValidationError as error:
        _tell(error, part.kind, name, reading)
        return None


def _raw(part: Part, name: str, reading: Reading) -> Condition | None:
    """Read a part that was kept as it is: perhaps a newer program wrote it, perhaps this one understands it again."""
    try:
        return conditions.parse(json.loads(part.raw))
    except (ValueError, RecursionError, Invalid):
        words = _(
            "この条件（%(kind)s）は、いまのバージョンでは扱えません。削除するか、作り直してください。",
            kind=part.kind,
        )
        reading.errors[name] = [words]
        return None


def _put(data: dict[str, Any], field: Field, value: Any) -> None:
    if value is None:
        return
    top, dot, inner = field.name.partition(".")
    if dot:
        data.setdefault(top, {})[inner] = value
    else:
        data[top] = value


def _tell(error: ValidationError, kind: str, name: str, reading: Reading) -> None:
    fields = {each.name: each for each in fields_of(kind)}
    for each in error.errors():
        steps = [str(step) for step in each["loc"]]
        place = next((found for found in (".".join(steps[:2]), *steps[:1]) if found in fields), "")
        where = f"{name}.{place}" if place else name
        if where not in reading.errors:
            is_lacking = each["type"] in _LACKING and (not place or each["type"] != "value_error")
            told = reading.lacking if is_lacking else reading.errors
            told[where] = [_words(each["type"], fields.get(place))]


def _words(problem: str, field: Field | None) -> str:
    if field is None:
        return _("どれか1つは入力してください。")
    match problem:
        case "missing" | "too_short" | "string_too_short":
            return _("1つ以上選んでください。") if field.is_list else _("入力してください。")
        case "greater_than_equal" | "less_than_equal":
            return condition_values.range_words(field)
        case "too_long":
            return _("%(most)s件までにしてください。", most=f"{LONGEST_LIST:,}")
        case "string_too_long":
            return _("128文字までで入力してください。")
        case "value_error" | "date_from_datetime_parsing" | "date_parsing":
            return _("日付を1900年から2200年までの 2026-11-21 の形で入力してください。")
        case "enum":
            return _("一覧から選んでください。")
        case _:
            return _("この文字は使えません。")

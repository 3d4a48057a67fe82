"""What the builder's buttons do to a condition in a form: add, remove, move, put back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from flask_babel import gettext as _

from bot.console.condition_kinds import BRANCHES, knows
from bot.console.condition_parts import DEEPEST, Part, Path, fresh, moved, name_of, part_of
from bot.console.condition_values import Values


@dataclass
class Pressed:
    """A form after a button, and where to go on in it."""

    whole: Part
    focus: str = ""
    errors: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    removed: str = ""


def press(whole: Part, button: str, form: Mapping[str, Any], prefix: str) -> Pressed:
    """Do what a button's value (`add:0.1`) says; one that fits nothing only shows the form again."""
    action, _colon, target = button.partition(":")
    place, field_name = _split(target)
    after = Pressed(whole)
    if action in ("add", "group"):
        _add(after, place, action, str(form.get(f"{name_of(prefix, place)}.new", "")), prefix)
    elif action in ("remove", "up", "down") and place:
        _change(after, place, action, prefix)
    elif action == "more":
        after.focus = f"{name_of(prefix, place)}.{field_name}.more"
    elif action in ("show", "count"):
        after.removed = str(form.get(f"{prefix}.removed", ""))
    elif action == "back":
        _put_back(after, str(form.get(f"{prefix}.removed", "")), prefix)
    return after


def _split(text: str) -> tuple[Path, str]:
    """Take 0.1.names apart into the place of a part and what follows it."""
    numbers: list[int] = []
    rest = text
    while rest and len(numbers) <= DEEPEST:
        head, _dot, tail = rest.partition(".")
        if not (head.isascii() and head.isdecimal() and len(head) <= 3):
            break
        numbers.append(int(head))
        rest = tail
    return tuple(numbers), rest


def _add(after: Pressed, place: Path, action: str, kind: str, prefix: str) -> None:
    group = after.whole.at(place)
    if group is None or not group.is_group or len(place) >= DEEPEST:
        return
    if action == "add" and not knows(kind):
        name = f"{name_of(prefix, place)}.new"
        after.errors[name], after.focus = [_("追加する条件を選んでください。")], name
        return
    group.parts.append(fresh(kind) if action == "add" else Part("any"))
    after.focus = name_of(prefix, (*place, len(group.parts) - 1))


def _change(after: Pressed, place: Path, action: str, prefix: str) -> None:
    *above, number = place
    group = after.whole.at(tuple(above))
    if group is None or number >= len(group.parts):
        return
    if action == "remove":
        after.removed = _packed(group.parts.pop(number), place)
        after.focus = f"{name_of(prefix, tuple(above))}.new"
        return
    by = -1 if action == "up" else 1
    group.parts = moved(group.parts, number, by)
    there = min(max(number + by, 0), len(group.parts) - 1)
    after.focus = f"{name_of(prefix, (*above, there))}.{action}"


def _packed(part: Part, place: Path) -> str:
    return json.dumps({"at": place, "part": _plain(part)}, ensure_ascii=False)


def _plain(part: Part) -> dict[str, Any]:
    below = [_plain(each) for each in part.parts]
    return {"kind": part.kind, "typed": part.typed, "raw": part.raw, "parts": below}


def _put_back(after: Pressed, text: str, prefix: str) -> None:
    try:
        packed = json.loads(text)
        at: list[int] = [int(number) for number in packed["at"]]
        part = _unpacked(packed["part"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return
    group = after.whole.at(tuple(at[:-1])) if at and min(at) >= 0 else None
    if group is not None and group.is_group:
        number = min(at[-1], len(group.parts))
        group.parts.insert(number, part)
        after.focus = name_of(prefix, (*at[:-1], number))


def _unpacked(plain: Any) -> Part:
    kind = str(plain["kind"])
    if kind in BRANCHES:
        return Part(kind, parts=[_unpacked(each) for each in plain["parts"]])
    if plain["raw"]:
        return part_of(json.loads(plain["raw"]))
    typed = cast("dict[str, Values]", plain["typed"])
    part = fresh(kind) if knows(kind) else Part(kind)
    part.typed = {str(name): [str(each) for each in values] for name, values in typed.items()}
    return part

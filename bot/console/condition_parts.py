"""A condition as it stands in a form: parts with what was typed into them, whether it makes sense yet or not."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from werkzeug.datastructures import MultiDict

from bot.console import condition_values
from bot.console.condition_fields import CLASSES, Field, fields_of
from bot.console.condition_kinds import BRANCHES
from bot.console.condition_values import Values
from segments.conditions import VERSION

Path = tuple[int, ...]
"""Where a part stands: the numbers of its ancestors and its own, from the top; () is the whole."""
Sent = Mapping[Path, Mapping[str, Values]]
DEEPEST = 12
_NAME = re.compile(rf"((?:\.[0-9]{{1,3}}){{0,{DEEPEST}}})\.([a-z_]+(?:\.[a-z_]+)*)")


@dataclass
class Part:
    """A group of conditions or a single one."""

    kind: str
    typed: dict[str, Values] = field(default_factory=dict[str, Values])
    """What stands in its fields."""
    parts: "list[Part]" = field(default_factory=list["Part"])
    is_bare: bool = False
    """Whether it is a group for show only, around a whole that is a single condition."""
    raw: str = ""
    """The JSON of a part that this program does not understand."""

    @property
    def is_group(self) -> bool:
        """Whether it joins others."""
        return self.kind in BRANCHES

    @property
    def is_known(self) -> bool:
        """Whether this program understands it."""
        return self.is_group or self.kind in CLASSES

    def at(self, path: Path) -> "Part | None":
        """Return the part at a place below."""
        found: Part | None = self
        for number in path:
            found = found.parts[number] if found and number < len(found.parts) else None
        return found

    def walk(self, path: Path = ()) -> "Iterator[tuple[Path, Part]]":
        """Yield every part with its place, the whole first."""
        yield path, self
        for number, each in enumerate(self.parts):
            yield from each.walk((*path, number))


def name_of(prefix: str, path: Path) -> str:
    """Return how the fields of the part at a place begin: c.0.1."""
    return ".".join((prefix, *map(str, path)))


def fresh(kind: str) -> Part:
    """Return a condition that was just added, with what usually stands in it."""
    if kind in BRANCHES:
        return Part(kind)
    return Part(kind, {each.name: [each.default] for each in fields_of(kind) if each.default})


def whole_of(data: Any) -> Part:
    """Return the part that a stored condition's JSON is, whatever is in it: the top is always a group."""
    given: dict[str, Any] = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
    newer = given.get("version", VERSION) != VERSION
    whole = Part(str(given.get("is")), raw=json.dumps(data, ensure_ascii=False)) if newer else part_of(data)
    return whole if not newer and whole.is_group else Part("all", parts=[whole], is_bare=True)


def part_of(data: Any) -> Part:
    """Return one part of a stored condition."""
    given: dict[str, Any] = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
    kind = str(given.get("is"))
    below: Any = given.get("of")
    if kind in BRANCHES and isinstance(below, list):
        return Part(kind, parts=[part_of(each) for each in cast("list[Any]", below)])
    if kind not in CLASSES or not given.keys() - {"version"} <= {"is", *_tops(kind)}:
        return Part(kind, raw=json.dumps(data, ensure_ascii=False))
    return Part(
        kind, {each.name: condition_values.written(each, _value(given, each)) for each in fields_of(kind)}
    )


def _tops(kind: str) -> set[str]:
    return {each.name.partition(".")[0] for each in fields_of(kind)}


def _value(given: Mapping[str, Any], field: Field) -> Any:
    top, dot, inner = field.name.partition(".")
    value: Any = given.get(top)
    if not dot:
        return value
    return cast("dict[str, Any]", value).get(inner) if isinstance(value, dict) else None


def sent_whole(form: MultiDict[str, str], prefix: str) -> Part | None:
    """Return the whole that a form was sent with; None when it holds no condition under this prefix."""
    sent: dict[Path, dict[str, Values]] = defaultdict(dict)
    for name in form:
        found = _NAME.fullmatch(name.removeprefix(prefix)) if name.startswith(f"{prefix}.") else None
        if found:
            path = tuple(int(number) for number in found[1].split(".")[1:])
            sent[path][found[2]] = form.getlist(name)
    return _sent(sent, ()) if "is" in sent.get((), {}) else None


def _sent(sent: Sent, path: Path) -> Part:
    fields = sent[path]
    kind = fields["is"][0]
    if kind in BRANCHES:
        numbers = sorted(each[-1] for each in sent if each[:-1] == path and each and "is" in sent[each])
        return Part(kind, parts=[_sent(sent, (*path, each)) for each in numbers], is_bare="bare" in fields)
    if "raw" in fields or kind not in CLASSES:
        return Part(kind, raw=fields.get("raw", [""])[0])
    return Part(kind, {each.name: _settled(each, fields) for each in fields_of(kind)})


def _settled(field: Field, fields: Mapping[str, Values]) -> Values:
    return condition_values.settled(field, lambda tail: list(fields.get(field.name + tail, ())))


def moved(places: Sequence[Part], number: int, by: int) -> list[Part]:
    """Return parts with one of them further up or down, as far as there is room."""
    found = list(places)
    if 0 <= number < len(found) and 0 <= number + by < len(found):
        found.insert(number + by, found.pop(number))
    return found

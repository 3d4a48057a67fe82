"""Finds every string of message content, where it stands, and the facts it names."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, cast

from scheduler.templating import BadTemplate, Source, compile_source, compile_test, is_dynamic

FOR = re.compile(r"\s*([a-z_]\w*)\s+in\s+([a-z_]\w*)\s*")


class Found(NamedTuple):
    """One string of a content, where it stands, and what it belongs to."""

    path: str
    owner: Mapping[str, Any]
    key: str
    text: str
    loop_names: frozenset[str]
    """Names that an enclosing `$for` gives."""
    source: Callable[[], Source] | None
    """Compiles it; None when there is nothing to fill in."""


def facts_of(content: Any) -> frozenset[str]:
    """Return every fact named anywhere in `content`, without those that loops give; raises BadTemplate."""
    named: set[str] = set()
    for found in strings(content):
        if found.source:
            named |= {fact for fact in found.source().facts if fact.split(".")[0] not in found.loop_names}
    return frozenset(named)


def strings(
    node: Any,
    path: str = "",
    key: str = "",
    owner: Mapping[str, Any] | None = None,
    names: frozenset[str] = frozenset(),
) -> Iterator[Found]:
    """Yield every string value of a content, directives included."""
    match node:
        case str():
            yield Found(path, owner or {}, key, node, names, _source_of(key, node))
        case dict():
            mapping = cast("dict[str, Any]", node)
            inner = names | _loop_name(mapping)
            for name, value in mapping.items():
                scope = names if name == "$for" else inner
                yield from strings(value, f"{path}.{name}" if path else name, name, mapping, scope)
        case list():
            for position, value in enumerate(cast("list[Any]", node)):
                yield from strings(value, f"{path}[{position}]", key, owner, names)
        case _:
            pass


def _source_of(key: str, text: str) -> Callable[[], Source] | None:
    if key == "$if":
        return lambda: compile_test(text)
    if key == "$for":
        return lambda: compile_test(for_parts(text)[1])
    return (lambda: compile_source(text)) if is_dynamic(text) else None


def _loop_name(node: Mapping[str, Any]) -> frozenset[str]:
    match = FOR.fullmatch(str(node.get("$for", "")))
    return frozenset({match[1]}) if match else frozenset()


def for_parts(text: Any) -> tuple[str, str]:
    """Return the name and the fact of a `$for`; raises BadTemplate."""
    match = FOR.fullmatch(str(text))
    if match is None:
        raise BadTemplate("bad_for", text=text)
    return match[1], match[2]

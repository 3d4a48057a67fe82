"""Compiles the JSON tree of message content: what stands still is shared, what varies is rendered leaf by leaf."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, cast

from scheduler.gateway import MessageObject
from scheduler.line_limits import Limit, cut, limit_of, units
from scheduler.message_strings import facts_of, for_parts
from scheduler.templating import (
    BadTemplate,
    MissingFact,
    RenderError,
    Scope,
    compile_source,
    compile_test,
    is_dynamic,
)

EACH_LIMIT = 10
"""Elements that one `$for` makes at most: LINE's shorter carousel has ten columns."""
LEFT_OUT = object()

Part = Callable[[Scope], Any]
"""Makes one part of a message for the friend of a scope."""


class MessageTemplate:
    """Content compiled once and rendered for many friends."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._languages = {language: _message_list(found) for language, found in content.items()}
        self.facts = facts_of(content)
        """Every fact it names, as `name` or `coupon.title`."""

    def render(self, language: str, context: Mapping[str, Any]) -> list[MessageObject]:
        """Return the message objects in exactly this language; see scheduler.messages.render."""
        facts = {name: value for name, value in context.items() if value is not None}
        facts["language"] = language
        rendered: list[MessageObject] = list(self._languages[language](Scope(facts)))
        if not rendered:
            raise RenderError("nothing_to_say", language)
        return rendered


def _message_list(node: Any) -> Part:
    if not isinstance(node, list):
        raise BadTemplate("no_messages")
    return _part(cast("list[Any]", node)) or _always(cast("list[Any]", node))


def _always(node: Any) -> Part:
    def make(_scope: Scope) -> Any:
        return node

    return make


def _part(node: Any) -> Part | None:
    """Compile one node; None when it is the same for everybody."""
    match node:
        case {"$for": _} | {"$if": _}:
            raise BadTemplate("misplaced_directive")
        case dict():
            return _mapping(cast("dict[str, Any]", node))
        case list():
            return _sequence(cast("list[Any]", node))
        case str() if is_dynamic(node):
            return compile_source(node).render
        case _:
            return None


def _mapping(node: dict[str, Any]) -> Part | None:
    parts = [(key, part) for key, value in node.items() if (part := value_of(node, key, value))]
    if not parts:
        return None

    def make(scope: Scope) -> dict[str, Any]:
        made = dict(node)
        for key, part in parts:
            value = part(scope)
            if value is LEFT_OUT:
                del made[key]
            else:
                made[key] = value
        return made

    return make


def value_of(owner: dict[str, Any], key: str, node: Any) -> Part | None:
    if isinstance(node, dict) and "$if" in node:
        return _choice(cast("dict[str, Any]", node))
    part = _part(node)
    if part is None or not isinstance(node, str):
        return part
    limit = limit_of(owner, key)
    if key in {"text", "altText", "label"}:
        return _never_empty(part, key, limit)
    return _within(part, key, limit) if limit else part


def _never_empty(part: Part, key: str, limit: Limit | None) -> Part:
    def make(scope: Scope) -> str:
        text: str = part(scope)
        if not text or text.isspace():
            raise RenderError("empty_text", key)
        return cut(text, limit.units) if limit else text

    return make


def _within(part: Part, key: str, limit: Limit) -> Part:
    def make(scope: Scope) -> str:
        text: str = part(scope)
        if limit.cut:
            return cut(text, limit.units)
        if units(text) > limit.units:
            raise RenderError("too_long", key)
        if limit.form and not limit.form.fullmatch(text):
            raise RenderError("bad_link", key)
        return text

    return make


def _sequence(node: list[Any]) -> Part | None:
    elements = [element_of(each) for each in node]
    if all(part is None for part in elements):
        return None

    def make(scope: Scope) -> list[Any]:
        made: list[Any] = []
        for same, part in zip(node, elements, strict=True):
            if part is None:
                made.append(same)
            else:
                made.extend(part(scope))
        return made

    return make


def element_of(node: Any) -> Callable[[Scope], Iterator[Any] | list[Any]] | None:
    match node:
        case {"$for": _}:
            return _repetition(cast("dict[str, Any]", node))
        case {"$if": _}:
            choice = _choice(cast("dict[str, Any]", node))
            return lambda scope: [made] if (made := choice(scope)) is not LEFT_OUT else []
        case _:
            part = _part(node)
            return (lambda scope: [part(scope)]) if part else None


def _choice(node: dict[str, Any]) -> Part:
    if node.keys() != {"$if", "$then"}:
        raise BadTemplate("bad_if", text=node.get("$if"))
    holds = compile_test(str(node["$if"]))
    then = node["$then"]
    part = _part(then) or _always(then)
    return lambda scope: part(scope) if holds.render(scope) else LEFT_OUT


def _repetition(node: dict[str, Any]) -> Callable[[Scope], Iterator[Any]]:
    if node.keys() != {"$for", "$each"}:
        raise BadTemplate("bad_for", text=node.get("$for"))
    name, fact = for_parts(node["$for"])
    each = node["$each"]
    part = _part(each) or _always(each)

    def make(scope: Scope) -> Iterator[Any]:
        values = scope.facts.get(fact)
        if not isinstance(values, list | tuple):
            raise MissingFact(fact)
        for value in islice(cast("list[Any]", values), EACH_LIMIT):
            yield part(scope.having(name, value))

    return make

"""Compiles message content into pieces of JSON text: what stands still is encoded once, what varies for each friend."""

import json
from collections.abc import Callable, Iterator, Mapping
from json.encoder import encode_basestring as quoted
from typing import Any, cast

from scheduler.message_tree import LEFT_OUT, element_of, value_of
from scheduler.templating import RenderError, Scope

Piece = str | Callable[[Scope], str]
"""Text that is the same for everybody, or what makes it for the friend of a scope."""
Writer = Callable[[Scope], str]


class MessageWriter:
    """Content compiled once and written as JSON for many friends: the same as rendering and encoding it, in less time."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        """Compile content that scheduler.message_tree has compiled without complaint."""
        self.languages = frozenset(content)
        self._pieces = {language: _joined(_list(found)) for language, found in content.items()}

    def write(self, language: str, context: Mapping[str, Any]) -> str:
        """Return the message objects in exactly this language as one JSON list; see scheduler.messages.render."""
        facts = {name: value for name, value in context.items() if value is not None}
        facts["language"] = language
        scope = Scope(facts)
        pieces = self._pieces[language]
        text = "".join([piece if isinstance(piece, str) else piece(scope) for piece in pieces])
        if text == "[]":
            raise RenderError("nothing_to_say", language)
        return text


def dumps(value: Any) -> str:
    """Return JSON as it goes to LINE: short, and Japanese as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _joined(pieces: Iterator[Piece]) -> list[Piece]:
    """Put neighbours that stand still together."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and isinstance(piece, str) and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _pieces(node: Any) -> Iterator[Piece]:
    match node:
        case dict():
            yield from _mapping(cast("dict[str, Any]", node))
        case list():
            yield from _list(cast("list[Any]", node))
        case _:
            yield dumps(node)


def _mapping(node: dict[str, Any]) -> Iterator[Piece]:
    """Write keys that may be left out last, each with the comma before it."""
    optional = [key for key, value in node.items() if isinstance(value, dict) and "$if" in value]
    always = [key for key in node if key not in optional]
    if optional and not always:
        yield _whole(node)
        return
    yield "{"
    for place, key in enumerate(always):
        yield ("," if place else "") + dumps(key) + ":"
        yield from _entry(node, key)
    for key in optional:
        yield _optional(node, key)
    yield "}"


def _entry(owner: dict[str, Any], key: str) -> Iterator[Piece]:
    value = owner[key]
    part = value_of(owner, key, value) if isinstance(value, str) else None
    if part is None:
        yield from _pieces(value)
    else:
        yield lambda scope: quoted(part(scope))


def _optional(owner: dict[str, Any], key: str) -> Writer:
    part = value_of(owner, key, owner[key])
    start = "," + dumps(key) + ":"
    assert part is not None, "a choice is never the same for everybody"

    def write(scope: Scope) -> str:
        made = part(scope)
        return "" if made is LEFT_OUT else start + dumps(made)

    return write


def _whole(node: dict[str, Any]) -> Writer:
    parts = {key: value_of(node, key, value) for key, value in node.items()}

    def write(scope: Scope) -> str:
        made = {key: part(scope) for key, part in parts.items() if part is not None}
        return dumps({key: value for key, value in made.items() if value is not LEFT_OUT})

    return write


def _list(node: list[Any]) -> Iterator[Piece]:
    if any(_is_directive(each) for each in node):
        yield _varying(node)
        return
    yield "["
    for place, each in enumerate(node):
        if place:
            yield ","
        part = element_of(each) if isinstance(each, str) else None
        if part is None:
            yield from _pieces(each)
        else:
            yield lambda scope, part=part: quoted(next(iter(part(scope))))
    yield "]"


def _is_directive(node: Any) -> bool:
    return isinstance(node, dict) and ("$for" in node or "$if" in node)


def _varying(node: list[Any]) -> Writer:
    """Write a list whose length is another for each friend."""
    elements = [element_of(each) if _is_directive(each) else _fixed(each) for each in node]

    def write(scope: Scope) -> str:
        made: list[str] = []
        for element in elements:
            if isinstance(element, str):
                made.append(element)
            elif element is not None:
                made.extend(each if isinstance(each, Text) else dumps(each) for each in element(scope))
        return "[" + ",".join(made) + "]"

    return write


class Text(str):
    """JSON that is written already."""

    __slots__ = ()


def _fixed(node: Any) -> str | Callable[[Scope], list[Text]]:
    """Return the text of one element, or what makes it."""
    pieces = _joined(_list([node]))
    if all(isinstance(piece, str) for piece in pieces):
        return dumps(node)

    def make(scope: Scope) -> list[Text]:
        text = "".join([piece if isinstance(piece, str) else piece(scope) for piece in pieces])
        return [Text(text[1:-1])]

    return make

"""The words of a message that a person may rewrite, each by its place, apart from what holds it together."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

WORDED = frozenset({"text", "altText", "label", "displayText", "title"})
"""Keys under which words for the friend stand; links, colours, sizes and data are left alone."""


class Words(NamedTuple):
    """One text of a content."""

    path: str
    """Where it stands, as `messages.check` names places: `ja[0].contents.body.contents[1].text`."""
    key: str
    text: str


def texts(content: Mapping[str, Any]) -> list[Words]:
    """Return every text of `content` in the order in which it stands there."""
    return [found for language, node in content.items() for found in _texts(node, language)]


def _texts(node: Any, path: str, key: str = "") -> Iterator[Words]:
    match node:
        case str() if key in WORDED:
            yield Words(path, key, node)
        case dict():
            for name, value in cast("dict[str, Any]", node).items():
                yield from _texts(value, f"{path}.{name}", name)
        case list():
            for position, value in enumerate(cast("list[Any]", node)):
                yield from _texts(value, f"{path}[{position}]")
        case _:
            pass


def reworded(content: Mapping[str, Any], said: Mapping[str, str]) -> dict[str, Any]:
    """Return a copy of `content` that says `said` (by path) in place of its own texts; other places stay."""
    return {language: _reworded(node, language, "", said) for language, node in content.items()}


def _reworded(node: Any, path: str, key: str, said: Mapping[str, str]) -> Any:
    match node:
        case str() if key in WORDED:
            return said.get(path, node)
        case dict():
            mapping = cast("dict[str, Any]", node)
            return {name: _reworded(value, f"{path}.{name}", name, said) for name, value in mapping.items()}
        case list():
            listed = cast("list[Any]", node)
            return [
                _reworded(value, f"{path}[{position}]", "", said) for position, value in enumerate(listed)
            ]
        case _:
            return node

"""Finds the line of a JSON text on which something stands, so that a refusal can be looked up in an editor."""

import json
import re
from collections.abc import Sequence

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()

Path = Sequence[str | int]


def line_of(text: str, path: Path) -> int:
    """Return the line, from 1, on which the value at `path` begins; the nearest above it for what is not there.

    `text` must be valid JSON.
    """
    position = _skip(text, 0)
    for part in path:
        found = _entry(text, position, part)
        if found is None:
            break
        position = found
    return text.count("\n", 0, position) + 1


def _entry(text: str, position: int, part: str | int) -> int | None:
    """Return where the entry `part` of the object or list at `position` begins."""
    opening = text[position : position + 1]
    if opening not in {"{", "["} or (opening == "{") != isinstance(part, str):
        return None
    position, number = _skip(text, position + 1), 0
    while text[position] not in "}]":
        name: str | int = number
        if opening == "{":
            name, position = _DECODER.raw_decode(text, position)
            position = _skip(text, _skip(text, position) + 1)  # the colon
        if name == part:
            return position
        _, position = _DECODER.raw_decode(text, position)
        position, number = _skip(text, position), number + 1
        if text[position] == ",":
            position = _skip(text, position + 1)
    return None


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position

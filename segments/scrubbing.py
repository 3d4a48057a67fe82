"""Takes texts that mean a person out of what was written down about other things."""

import json
import re
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Text, false, or_
from sqlalchemy import cast as as_type

from segments.folding import folded

GONE = "—"


def mentions(column: Any, texts: Sequence[str]) -> ColumnElement[bool]:
    """Return that a column, of text or of JSON, has one of the texts in it; a row too many does no harm."""
    written = as_type(column, Text)
    # JSON may be stored with its letters escaped.
    ways = {way for text in texts if text for way in (text, json.dumps(text)[1:-1])}
    return or_(false(), *(written.contains(way, autoescape=True) for way in sorted(ways)))


def scrubbed(value: Any, keys: Sequence[str], names: Sequence[str] = ()) -> Any:
    """Return the value, a text or JSON, with a dash for each key in it, and for a text that is nothing but a name.

    A key stands by itself: the member number 12 is not in 2012. A name inside of a sentence may be anybody's.
    """
    if isinstance(value, str):
        return _text(value, keys, names)
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value).items()
        return {scrubbed(key, keys, names): scrubbed(each, keys, names) for key, each in pairs}
    if isinstance(value, list):
        return [scrubbed(each, keys, names) for each in cast("list[Any]", value)]
    return value


def _text(text: str, keys: Sequence[str], names: Sequence[str]) -> str:
    if folded(text) and folded(text) in {folded(name) for name in names}:
        return GONE
    for key in sorted(keys, key=len, reverse=True):
        text = re.sub(rf"(?<![0-9A-Za-z]){re.escape(key)}(?![0-9A-Za-z])", GONE, text)
    return text

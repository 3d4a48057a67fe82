"""Turns what a webhook request holds into rows, whatever LINE or anyone may put into it."""

import hashlib
import json
import math
import re
from datetime import datetime, timedelta
from typing import Any, cast

from bot.models import InboundState
from segments.db import EPOCH

ID_LENGTH = 64
KIND_LENGTH = 32
UNKNOWN = "unknown"
DEEPEST = 50
SKEW = timedelta(minutes=10)
"""How far LINE's clock may run before ours; a moment beyond it is not believed."""
LINE_BEGAN = 1_262_304_000_000
"""2010 in milliseconds: a moment before it is not believed either."""
MILLISECOND = timedelta(milliseconds=1)
PITFALLS = re.compile(r"\x00|\\u(?:0000|[dD][89a-fA-F])")
"""NUL, and halves of characters: whole ones outside the first plane look like two of them."""


class Unreadable(ValueError):
    """The body is not a webhook request."""


def rows_in(body: bytes, now: datetime) -> list[dict[str, Any]]:
    """Return an InboundEvent row for each event of a webhook request. Raises Unreadable."""
    events, plain = events_in(body), is_plain(body)
    return [row_of(event, now, plain=plain) for event in events]


def is_plain(body: bytes) -> bool:
    """Tell whether a body certainly holds nothing that a database refuses, so that none of it need be looked at."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    deepest = text.count("{") + text.count("[")
    return deepest <= DEEPEST and not PITFALLS.search(text)


def events_in(body: bytes) -> list[Any]:
    """Return the events of a webhook request, each as it came. Raises Unreadable."""
    try:
        request: Any = json.loads(body, parse_constant=_refuse, parse_float=_number)
    except (ValueError, RecursionError) as error:
        raise Unreadable(type(error).__name__) from error
    events = cast(dict[str, Any], request).get("events") if isinstance(request, dict) else None
    if not isinstance(events, list):
        raise Unreadable("events")
    return cast(list[Any], events)


def row_of(event: Any, now: datetime, *, plain: bool = False) -> dict[str, Any]:
    """Return an InboundEvent row for one event; an event that lacks something never loses its neighbours.

    With `plain` the caller knows of its body that `is_plain`.
    """
    whole: dict[str, Any] = cast(dict[str, Any], event) if isinstance(event, dict) else {"value": event}
    raw = whole if plain else _storable(whole)
    return {
        "webhook_event_id": _id_of(raw),
        "kind": _text(raw.get("type"), KIND_LENGTH) or UNKNOWN,
        "line_user_id": _friend_of(raw),
        "line_message_id": _message_of(raw),
        "occurred_at": _moment(raw.get("timestamp"), now),
        "received_at": now,
        "next_attempt_at": now,
        "raw": raw,
        "state": InboundState.PENDING,
        "attempts": 0,
    }


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _number(digits: str) -> float | None:
    """Return a number with a point or an exponent; an endless one is none."""
    value = float(digits)
    return value if math.isfinite(value) else None


def _text(value: Any, length: int) -> str | None:
    return value[:length] if isinstance(value, str) and value else None


def _id_of(raw: dict[str, Any]) -> str:
    given = raw.get("webhookEventId")
    if isinstance(given, str) and 0 < len(given) <= ID_LENGTH:
        return given
    # Made from what it says, so that the same event coming again is known again.
    said = {key: value for key, value in raw.items() if key != "deliveryContext"}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    return f"made-{digest}"[:ID_LENGTH]


def _friend_of(raw: dict[str, Any]) -> str | None:
    """Return the friend of a one-to-one chat; groups and rooms are nobody's lane."""
    source = raw.get("source")
    if not isinstance(source, dict):
        return None
    known = cast(dict[str, Any], source)
    line_user_id = known.get("userId")
    fits = isinstance(line_user_id, str) and 0 < len(line_user_id) <= ID_LENGTH
    return line_user_id if known.get("type") == "user" and fits else None


def _message_of(raw: dict[str, Any]) -> str | None:
    for holder, key in (("message", "id"), ("unsend", "messageId")):
        part = raw.get(holder)
        if isinstance(part, dict):
            return _text(cast(dict[str, Any], part).get(key), ID_LENGTH)
    return None


def _moment(timestamp: Any, now: datetime) -> datetime:
    """Return LINE's milliseconds as a moment, or `now` for one that cannot be meant."""
    if isinstance(timestamp, bool) or not isinstance(timestamp, int):
        return now
    # Compared as numbers: a moment ten thousand years ahead is no datetime.
    if not LINE_BEGAN < timestamp < (now + SKEW - EPOCH) // MILLISECOND:
        return now
    return EPOCH + timestamp * MILLISECOND


def storable_text(text: str) -> str:
    """Return `text` without what PostgreSQL refuses: NUL and halves of characters."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _storable(value: Any, depth: int = 0) -> Any:
    """Return `value` without what a database refuses: NUL, halves of characters, endless numbers, pits."""
    if depth > DEEPEST:
        return None
    match value:
        case str():
            return storable_text(value)
        case dict():
            parts = cast(dict[str, Any], value).items()
            return {_storable(key): _storable(part, depth + 1) for key, part in parts}
        case list():
            return [_storable(part, depth + 1) for part in cast(list[Any], value)]
        case float() if not math.isfinite(value):
            return None
        case _:
            return value

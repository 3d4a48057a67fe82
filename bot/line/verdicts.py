"""Turns what LINE answered into the few kinds of outcome the scheduler decides by."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from scheduler.gateway import (
    Accepted,
    GatewayError,
    QuotaExhausted,
    RateLimited,
    RefusedByLine,
    TemporaryGatewayError,
    TokenInvalid,
)

REQUEST_ID = "x-line-request-id"
ACCEPTED_REQUEST_ID = "x-line-accepted-request-id"
MONTHLY = "monthly limit"
"""LINE tells the two kinds of 429 apart by text alone (Messaging API reference, "Status codes")."""
LONGEST_MESSAGE = 500
_RECIPIENT = re.compile(r"\bto\[(\d+)\]")

Details = tuple[tuple[str, str], ...]


def verdict(status: int, headers: Mapping[str, str], body: str) -> Accepted | GatewayError:
    """Say what an answer of LINE means. `headers` must look names up without regard to case."""
    request_id = headers.get(REQUEST_ID)
    accepted_id = headers.get(ACCEPTED_REQUEST_ID)
    if 200 <= status < 300:
        return Accepted(request_id)
    if status == 409 and accepted_id:
        return Accepted(request_id, accepted_id)
    message, details = _told(body)
    message = message or f"LINE answered {status}"
    if status in (401, 403):
        return TokenInvalid(message, status=status, request_id=request_id)
    if status == 429:
        return _too_many(message, headers, request_id)
    if status >= 500:
        wait = _retry_after(headers)
        return TemporaryGatewayError(message, retry_after=wait, status=status, request_id=request_id)
    index = _recipient_index(message, details)
    return RefusedByLine(
        message, recipient_index=index, details=details, status=status, request_id=request_id
    )


def _too_many(message: str, headers: Mapping[str, str], request_id: str | None) -> GatewayError:
    if MONTHLY in message.lower():
        return QuotaExhausted(message, status=429, request_id=request_id)
    return RateLimited(message, retry_after=_retry_after(headers), status=429, request_id=request_id)


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    seconds = headers.get("retry-after", "")
    return timedelta(seconds=int(seconds)) if seconds.isascii() and seconds.isdigit() else None


def _told(body: str) -> tuple[str, Details]:
    """Return LINE's message and its details as (property, message)."""
    try:
        told: Any = json.loads(body)
    except ValueError:
        return "", ()
    if not isinstance(told, dict):
        return "", ()
    words = cast(dict[str, Any], told)
    # The token endpoints speak OAuth: {"error": …, "error_description": …}.
    message = words.get("message") or words.get("error_description") or ""
    return str(message)[:LONGEST_MESSAGE], _details(words.get("details"))


def _details(listed: Any) -> Details:
    entries = cast(list[Any], listed) if isinstance(listed, list) else []
    known = [cast(dict[str, Any], entry) for entry in entries if isinstance(entry, dict)]
    return tuple((str(entry.get("property", "")), str(entry.get("message", ""))) for entry in known)


def _recipient_index(message: str, details: Details) -> int | None:
    for text in (message, *(part for detail in details for part in detail)):
        if found := _RECIPIENT.search(text):
            return int(found.group(1))
    return None

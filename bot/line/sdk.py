"""One call through line-bot-sdk: with a time-out, recorded, its errors translated."""

# pyright: reportMissingTypeStubs=false
# line-bot-sdk ships no type stubs and no py.typed: its objects are Any from here on.

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

from linebot.v3.messaging import ApiException, Configuration
from linebot.v3.oauth import ApiException as TokenException
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from bot.line.calls import Call, CallRecorder
from bot.line.verdicts import REQUEST_ID, verdict
from scheduler.gateway import (
    Accepted,
    GatewayError,
    NotTaken,
    RefusedByLine,
    UncertainGatewayError,
)
from segments.clock import Clock

TIMEOUT = (5.0, 15.0)
"""Seconds to connect and to read: the SDK has no time-out of its own."""


def recorded(
    calls: CallRecorder,
    clock: Clock,
    endpoint: str,
    method: Callable[..., Any],
    *args: Any,
    **more: Any,
) -> Any:
    """Call one SDK method with a time-out, record it, and return its data. Raises a GatewayError."""
    at, began = clock.now(), perf_counter()
    status, request_id, error = None, None, None
    try:
        answer = method(*args, _request_timeout=TIMEOUT, **more)
        headers: Mapping[str, str] = answer.headers or {}
        status, request_id = answer.status_code, headers.get(REQUEST_ID)
    except (ApiException, TokenException, HTTPError) as failure:
        error = _translated(failure)
        status, request_id = error.status, error.request_id
        raise error from failure
    finally:
        spent = round((perf_counter() - began) * 1000)
        calls.add(Call(at, endpoint, status, request_id, spent, str(error) if error else None))
    return answer.data


def _translated(failure: Any) -> GatewayError:
    if isinstance(failure, NewConnectionError | ConnectTimeoutError):
        return NotTaken(type(failure).__name__)
    if isinstance(failure, HTTPError):
        return UncertainGatewayError(type(failure).__name__)
    body = failure.body.decode("utf-8", "replace") if isinstance(failure.body, bytes) else failure.body
    found = verdict(failure.status or 0, failure.headers or {}, body or "")
    # 409 with an accepted id answers a retry key alone, and nothing here carries one.
    return RefusedByLine(str(found), status=failure.status) if isinstance(found, Accepted) else found


def configuration(base_url: str, kind: type[Any] = Configuration) -> Any:
    """Return a configuration of one of the SDK's packages for `base_url`."""
    # The token is set before each call; an ApiClient will not start without one.
    made = kind(host=base_url.rstrip("/"), access_token="")
    # We decide what is tried again; urllib3 would repeat by itself.
    made.retries = False
    return made

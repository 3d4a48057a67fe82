"""What every call to LINE's API passes on its way in and out: faults, token, size, rate, retry key, request id."""

from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from bot.simulator import answers, ids, retry_keys
from bot.simulator.access import check_bearer
from bot.simulator.clock import pause
from bot.simulator.errors import RATE_LIMIT, LineError, OAuthError
from bot.simulator.platform import platform

BODY_BYTES = 2 * 1024 * 1024
OWN_BLUEPRINTS = {"sim_people", "sim_figures", "sim_settings", "phone"}
RETRYABLE = {"push", "multicast", "narrowcast", "broadcast"}


def install(app: Flask) -> None:
    """Put the gate before and behind all routes of `app`."""
    app.before_request(_enter)
    app.after_request(_leave)
    app.register_error_handler(LineError, _refused)
    app.register_error_handler(OAuthError, lambda error: answers.answer(error.body, 400))
    app.register_error_handler(HTTPException, _no_such_thing)


def endpoint_name() -> str | None:
    """The name of the LINE endpoint being called, None for the simulator's own pages."""
    blueprint, _, name = (request.endpoint or "").rpartition(".")
    return None if blueprint in OWN_BLUEPRINTS or not blueprint else name


def _enter() -> Response | None:
    g.line_request_id = ids.request_id()
    name = endpoint_name()
    if name is None:
        _refuse_other_sites()
        return None
    struck = _fault(name)
    if struck is None:
        _check(name)
    return struck


def _refuse_other_sites() -> None:
    """The controls ask for no password, so a page of another site must not reach them through a browser."""
    origin = request.headers.get("Origin")
    if request.method != "GET" and origin is not None and urlsplit(origin).netloc != request.host:
        raise LineError(403, "The simulator takes no orders from other sites")


def _fault(name: str) -> Response | None:
    faults = platform().faults
    if (latency := faults.latency(name)) > 0:
        pause(latency)
    if faults.strikes("connection_reset", name):
        return answers.cut()
    if faults.strikes("error_500", name):
        return answers.answer({"message": "Internal server error"}, 500)
    if faults.strikes("error_429", name):
        return answers.answer({"message": RATE_LIMIT}, 429)
    return None


def _check(name: str) -> None:
    now = platform()
    if (request.content_length or 0) > BODY_BYTES:
        raise LineError(
            413, "Request exceeds the max size of 2MB. Make sure the request is smaller than 2MB."
        )
    if request.blueprint != "oauth":
        check_bearer(now, request.headers.get("Authorization", ""))
    if not now.rates.admits(name, now.clock.flowing_ms()):
        raise LineError(429, RATE_LIMIT)
    if retry_keys.HEADER in request.headers and name not in RETRYABLE:
        raise LineError(400, "The retry key is not supported by this endpoint")


def _leave(response: Response) -> Response:
    response.headers["x-line-request-id"] = answers.request_id()
    name = endpoint_name()
    if name is None:
        return response
    cut = answers.CUT_HEADER in response.headers
    _count(name, 0 if cut else response.status_code)
    if not cut and platform().faults.strikes("answer_lost", name):
        return answers.cut()
    return response


def _count(name: str, status: int) -> None:
    platform().state.write(
        "INSERT INTO requests VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET n = n + 1", (name, status)
    )


def _refused(error: LineError) -> Response:
    if isinstance(error, retry_keys.KeyBodyMismatchError):
        platform().state.take_numbers("key_body_mismatch")
    return answers.answer(error.body, error.status, error.headers)


def _no_such_thing(error: HTTPException) -> Response:
    status = error.code or 500
    message = {404: "Not found", 405: "Method not allowed"}.get(status, error.name)
    return answers.answer({"message": message}, status)

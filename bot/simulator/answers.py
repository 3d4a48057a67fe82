"""Reading requests and writing answers, the same for every route."""

from collections.abc import Mapping

from flask import Response, g, request

from bot.simulator.errors import LineError
from bot.simulator.json_types import JsonObject, compact
from bot.simulator.validation.bodies import parse

CUT_HEADER = "X-Sim-Cut"


def answer(
    body: JsonObject | None = None, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """JSON, an empty object when there is nothing to say."""
    return Response(compact(body or {}), status, dict(headers or {}), content_type="application/json")


def request_body() -> JsonObject:
    """The JSON object of the request. Raises LineError 400 or 415."""
    if request.mimetype != "application/json":
        raise LineError(415, f"The content type, {request.mimetype or '-'}, is not supported")
    return parse(request.get_data())


def request_id() -> str:
    """The id this request was given on arrival."""
    return str(g.line_request_id)


def cut() -> Response:
    """An answer that never leaves: the server drops the connection when it sees the header."""
    return Response(status=500, headers={CUT_HEADER: "1"})

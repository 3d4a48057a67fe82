"""Reading the JSON a control request asks with."""

from flask import request

from bot.simulator.errors import LineError
from bot.simulator.json_types import JsonObject, as_object


def wishes() -> JsonObject:
    """The JSON object of the request, empty when there is no body. Raises LineError 400."""
    if not request.get_data():
        return {}
    found = as_object(request.get_json(force=True, silent=True))
    if found is None:
        raise LineError(400, "the body must be a JSON object")
    return found

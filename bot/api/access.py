"""Who may call the API: whoever shows a key that was made for it."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, ParamSpec, TypeVar

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ValidationError

from bot import api_keys
from bot.api.refusals import Refusal
from bot.services import current_services

P = ParamSpec("P")
Shape = TypeVar("Shape", bound=BaseModel)
BODY_LIMIT = 4 * 1024 * 1024
"""Bytes; a thousand purchases of ten items each are about one megabyte."""

NEEDS_KEY = "needs_key"
"""Marks a guarded view: a test asks every route for it."""

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


def keyed(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Answer only callers with a valid key; 401 to all others, whatever is wrong with theirs."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        request.max_content_length = BODY_LIMIT
        _find_key()
        return view(*args, **kwargs)

    setattr(guarded, NEEDS_KEY, True)
    return guarded


def _find_key() -> None:
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    services = current_services()
    now = services.clock.now()
    with services.database.reading() as session:
        key = api_keys.find(session, given.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        raise Refusal(HTTPStatus.UNAUTHORIZED, "api_key_invalid")
    if api_keys.needs_note(key, now):
        with services.database.begin() as session:
            api_keys.note_use(session, key.id, now)
    g.api_key_id = key.id


def source() -> str:
    """Return how rows made by this call name their maker."""
    return f"api:{g.api_key_id}"


def json_body() -> Any:
    """Return the parsed body; raises Refusal (not_json)."""
    if not request.is_json:
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json")
    try:
        body = request.get_json(silent=True, cache=False)
    except RecursionError:  # brackets in brackets, thousands deep
        body = None
    if body is None:
        raise Refusal(HTTPStatus.BAD_REQUEST, "not_json")
    return body


def problems_of(error: ValidationError) -> list[dict[str, str]]:
    """Return where a body is wrong and how, without repeating what was sent."""
    return [
        {"field": ".".join(str(part) for part in each["loc"]), "problem": each["msg"]}
        for each in error.errors()
    ]


def parsed(shape: type[Shape], body: Any) -> Shape:
    """Return a body as `shape`; raises Refusal (fields_invalid)."""
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        fields = problems_of(error)
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "fields_invalid", fields=fields) from error

"""The API's errors as JSON: `{"code": …, "message": …, "details": {…}}`, never a page and never a traceback."""

from datetime import date

import structlog
from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from bot.api.refusals import Refusal, status_of
from bot.i18n import current_language
from bot.words import error_words, explain
from segments.errors import KokyakuError

log = structlog.get_logger(__name__)
CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "not_json",
}


def answer_in_json(blueprint: Blueprint) -> None:
    """Answer every error below this blueprint in JSON."""
    blueprint.register_error_handler(Refusal, _refused)
    blueprint.register_error_handler(KokyakuError, _told)
    blueprint.register_error_handler(HTTPException, http_error)
    blueprint.register_error_handler(Exception, _broken)


def _answer(status: int, code: str, **details: object) -> Response:
    message = error_words(KokyakuError(code), current_language())
    answer = jsonify(code=code, message=message, details=details)
    answer.status_code = status
    return answer


def _refused(error: Refusal) -> Response:
    answer = _answer(error.status, error.code, **error.details)
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _told(error: KokyakuError) -> ResponseReturnValue:
    return jsonify(told(error)), status_of(error)


def told(error: KokyakuError) -> dict[str, object]:
    """Return a refusal of the lower floors as JSON, with its parameters beside code and message."""
    # Flask would write moments as the HTTP header does; everywhere else the API speaks ISO 8601.
    details = {
        name: value.isoformat() if isinstance(value, date) else value for name, value in error.params.items()
    }
    return {"code": error.code, "message": explain(error), "details": details}


def http_error(error: HTTPException) -> Response:
    """Answer an error of HTTP itself: unknown address, wrong method, too large a body."""
    status = error.code or 500
    return _answer(status, CODES.get(status, "bad_request" if status < 500 else "internal_error"))


def _broken(error: Exception) -> Response:
    log.error("api_call_failed", exc_info=error)
    return _answer(500, "internal_error")

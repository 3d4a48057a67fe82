"""The description of the calls about what friends did, for bot.api.openapi."""

from typing import Any

from pydantic import BaseModel

from bot.api import reaction_shapes, shapes

FRIEND = {
    "name": "friend_id",
    "in": "path",
    "required": True,
    "schema": {"type": "integer", "minimum": 1, "maximum": shapes.BIGGEST_ID},
}
_ERRORS = {
    400: "The body is no JSON.",
    401: "No valid key.",
    404: "No such friend.",
    409: "What was given contradicts what is stored.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "A field is missing or wrong.",
}


def paths() -> dict[str, Any]:
    """Return the paths with their operations."""
    of_friend = "/api/v1/friends/{friend_id}"
    return {
        f"{of_friend}/answers": {"post": _answer()},
        f"{of_friend}/events": {"post": _event()},
        f"{of_friend}/points": {"get": _show_points(), "post": _adjust_points()},
    }


def _answer() -> dict[str, Any]:
    return {
        "operationId": "keepAnswer",
        "summary": "アンケートの回答を登録します / Keep a friend's answer to a survey question",
        "description": "同じ回答を1日以内にもう一度送っても増えません。 / The same answer within a day changes nothing.",
        "parameters": [FRIEND],
        "requestBody": _body(reaction_shapes.AnswerIn),
        "responses": _both("The answer that counts.", reaction_shapes.AnswerOut),
    }


def _event() -> dict[str, Any]:
    return {
        "operationId": "noteEvent",
        "summary": "イベント参加・苦情を登録します / Take note of an event joined or a complaint made",
        "description": "同じ reference をもう一度送っても増えません。 / The same reference again changes nothing.",
        "parameters": [FRIEND],
        "requestBody": _body(reaction_shapes.EventIn),
        "responses": _both("What was taken note of.", reaction_shapes.EventOut),
    }


def _show_points() -> dict[str, Any]:
    return {
        "operationId": "getPoints",
        "summary": "ポイントの残高と履歴を返します / How a friend's points stand",
        "parameters": [FRIEND],
        "responses": _told(200, "The points.", reaction_shapes.PointsOut) | _refusals(401, 404),
    }


def _adjust_points() -> dict[str, Any]:
    return {
        "operationId": "adjustPoints",
        "summary": "ポイントを付与・利用します / Give points, or spend them with a negative number",
        "description": "同じ cause をもう一度送っても増えません。残高が足りないときは409です。"
        " / The same cause again changes nothing; 409 when there are not enough.",
        "parameters": [FRIEND],
        "requestBody": _body(reaction_shapes.PointsIn),
        "responses": _both("The points as they stand now.", reaction_shapes.PointsOut),
    }


def _both(told: str, shape: type[BaseModel]) -> dict[str, Any]:
    first, again = _told(201, told, shape), _told(200, f"Known already. {told}", shape)
    return first | again | _refusals(400, 401, 404, 409, 413, 415, 422)


def _told(status: int, words: str, shape: type[BaseModel]) -> dict[str, Any]:
    return {str(status): {"description": words, **_json(shape)}}


def _refusals(*statuses: int) -> dict[str, Any]:
    return {str(each): {"description": _ERRORS[each], **_json(shapes.ErrorOut)} for each in statuses}


def _body(shape: type[BaseModel]) -> dict[str, Any]:
    return {"required": True, **_json(shape)}


def _json(shape: type[BaseModel]) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{shape.__name__}"}
    return {"content": {"application/json": {"schema": schema}}}

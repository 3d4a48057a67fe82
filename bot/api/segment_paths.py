"""The description of the calls about segments, for bot.api.openapi."""

from typing import Any

from pydantic import BaseModel

from bot.api import segment_shapes, shapes

TAKEN = (segment_shapes.SegmentIn, segment_shapes.SegmentEdit, segment_shapes.ConditionIn)
GIVEN = (
    segment_shapes.SegmentOut,
    segment_shapes.SegmentsOut,
    segment_shapes.CountOut,
    segment_shapes.MembersOut,
    segment_shapes.ExplanationOut,
)
_ERRORS = {
    400: "The body is no JSON.",
    401: "No valid key.",
    404: "No such segment, or no such friend.",
    409: "The name is taken, or somebody changed the segment in the meantime.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "A field or the condition is wrong, or a name in the condition is gone.",
}
_BODY = (400, 401, 413, 415, 422)


def paths() -> dict[str, Any]:
    """Return the paths with their operations."""
    one = "/api/v1/segments/{segment_id}"
    return {
        "/api/v1/segments": {"get": _list(), "post": _create()},
        "/api/v1/segments/count": {"post": _count_condition()},
        one: {"get": _show(), "put": _edit()},
        f"{one}/count": {"get": _count()},
        f"{one}/friends": {"get": _friends()},
        f"{one}/friends/{{friend_id}}/explanation": {"get": _explanation()},
    }


def _list() -> dict[str, Any]:
    return {
        "operationId": "listSegments",
        "summary": "セグメントの一覧 / All saved segments",
        "responses": _answers(200, "The segments.", segment_shapes.SegmentsOut, 401),
    }


def _create() -> dict[str, Any]:
    return {
        "operationId": "createSegment",
        "summary": "セグメントを保存します / Save a condition under a name",
        "requestBody": _body(segment_shapes.SegmentIn),
        "responses": _answers(201, "The segment.", segment_shapes.SegmentOut, 409, *_BODY),
    }


def _show() -> dict[str, Any]:
    return {
        "operationId": "getSegment",
        "summary": "セグメントを1件返します / One segment",
        "parameters": [_id("segment_id")],
        "responses": _answers(200, "The segment.", segment_shapes.SegmentOut, 401, 404),
    }


def _edit() -> dict[str, Any]:
    return {
        "operationId": "editSegment",
        "summary": "セグメントを変更します / Change a segment as it stands in a version",
        "parameters": [_id("segment_id")],
        "requestBody": _body(segment_shapes.SegmentEdit),
        "responses": _answers(
            200, "The segment, one version on.", segment_shapes.SegmentOut, 404, 409, *_BODY
        ),
    }


def _count_condition() -> dict[str, Any]:
    return {
        "operationId": "countCondition",
        "summary": "条件にあてはまる人数 / How many friends a condition means",
        "requestBody": _body(segment_shapes.ConditionIn),
        "responses": _answers(200, "The number.", segment_shapes.CountOut, *_BODY),
    }


def _count() -> dict[str, Any]:
    return {
        "operationId": "countSegment",
        "summary": "セグメントの人数 / How many friends are in a segment",
        "parameters": [_id("segment_id")],
        "responses": _answers(200, "The number.", segment_shapes.CountOut, 401, 404, 422),
    }


def _friends() -> dict[str, Any]:
    after = {"type": "integer", "minimum": 0, "maximum": shapes.BIGGEST_ID, "default": 0}
    limit = {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
    return {
        "operationId": "listSegmentFriends",
        "summary": "セグメントの友だちを順に返します / A page of a segment's friends",
        "description": "next を after に渡すと続きを返します。 / Pass `next` as `after` to read on.",
        "parameters": [
            _id("segment_id"),
            {"name": "after", "in": "query", "schema": after},
            {"name": "limit", "in": "query", "schema": limit},
        ],
        "responses": _answers(200, "The page.", segment_shapes.MembersOut, 401, 404, 422),
    }


def _explanation() -> dict[str, Any]:
    return {
        "operationId": "explainSegmentFriend",
        "summary": "対象かどうかとその理由 / Why a friend is in a segment or not",
        "parameters": [_id("segment_id"), _id("friend_id")],
        "responses": _answers(200, "The reasons.", segment_shapes.ExplanationOut, 401, 404, 422),
    }


def _id(name: str) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": shapes.BIGGEST_ID}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _ref(shape: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _body(shape: type[BaseModel]) -> dict[str, Any]:
    return {"required": True, **_json(_ref(shape))}


def _answers(status: int, told: str, shape: type[BaseModel], *errors: int) -> dict[str, Any]:
    refusals = {str(code): {"description": _ERRORS[code], **_json(_ref(shapes.ErrorOut))} for code in errors}
    return {str(status): {"description": told, **_json(_ref(shape))}} | refusals

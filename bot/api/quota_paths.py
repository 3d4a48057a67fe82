"""The description of the calls about quota and the kill switch, for bot.api.openapi."""

from typing import Any

from pydantic import BaseModel

from bot.api import quota_shapes, shapes

_ERRORS = {
    400: "The body is no JSON.",
    401: "No valid key.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "A field is missing or wrong.",
}


def paths() -> dict[str, Any]:
    """Return the paths with their operations."""
    return {
        "/api/v1/quota": {"get": _quota()},
        "/api/v1/kill-switch": {"get": _switch(), "put": _turn()},
    }


def _quota() -> dict[str, Any]:
    return {
        "operationId": "getQuota",
        "summary": "今月の通数・料金・見込み / This month's messages, bill and forecast",
        "description": "金額は税別の円です。 / Yen before tax; the month is Japan's, as LINE counts it.",
        "responses": _answers("The month.", quota_shapes.QuotaOut, 401),
    }


def _switch() -> dict[str, Any]:
    return {
        "operationId": "getKillSwitch",
        "summary": "すべての配信が止まっているか / Whether everything stands still",
        "responses": _answers("The switch.", quota_shapes.KillSwitchOut, 401),
    }


def _turn() -> dict[str, Any]:
    body = {"application/json": {"schema": _ref(quota_shapes.KillSwitchIn)}}
    return {
        "operationId": "turnKillSwitch",
        "summary": "すべての配信を止めます・再開します / Stop everything, or let it go on",
        "description": "友だちへの返信は止まりません。 / Answers to friends still go.",
        "requestBody": {"required": True, "content": body},
        "responses": _answers("The switch.", quota_shapes.KillSwitchOut, 400, 401, 413, 415, 422),
    }


def _ref(shape: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def _json(shape: type[BaseModel]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": _ref(shape)}}}


def _answers(told: str, shape: type[BaseModel], *errors: int) -> dict[str, Any]:
    refusals = {str(code): {"description": _ERRORS[code], **_json(shapes.ErrorOut)} for code in errors}
    return {"200": {"description": told, **_json(shape)}} | refusals

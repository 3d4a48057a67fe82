"""The description of the calls about scenarios, for bot.api.openapi."""

from typing import Any

from pydantic import BaseModel

from bot.api import scenario_shapes, shapes

_ERRORS = {
    400: "The body is no JSON.",
    401: "No valid key.",
    404: "No such scenario, or no such friend.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "A field is missing or wrong.",
}


def paths() -> dict[str, Any]:
    """Return the paths with their operations."""
    one = "/api/v1/scenarios/{scenario_id}"
    return {
        "/api/v1/scenarios": {"get": _list()},
        one: {"get": _one("getScenario", "シナリオを1件返します / One scenario with its steps")},
        f"{one}/figures": {"get": _figures()},
        f"{one}/pause": {"post": _one("pauseScenario", "シナリオを止めます / Hold everybody where they are")},
        f"{one}/resume": {"post": _one("resumeScenario", "シナリオを再開します / Let it go on")},
        f"{one}/enrolments": {"post": _enrol()},
    }


def _list() -> dict[str, Any]:
    return {
        "operationId": "listScenarios",
        "summary": "シナリオの一覧 / All scenarios",
        "responses": _answers("The scenarios.", scenario_shapes.ScenariosOut, 401),
    }


def _one(name: str, summary: str) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "parameters": [_ID],
        "responses": _answers("The scenario.", scenario_shapes.ScenarioDetail, 401, 404),
    }


def _figures() -> dict[str, Any]:
    return {
        "operationId": "getScenarioFigures",
        "summary": "シナリオの進み具合 / How friends fare in a scenario",
        "parameters": [_ID],
        "responses": _answers("The figures.", scenario_shapes.ScenarioFiguresOut, 401, 404),
    }


def _enrol() -> dict[str, Any]:
    body = {"application/json": {"schema": _ref(scenario_shapes.EnrolmentIn)}}
    return {
        "operationId": "enrolFriend",
        "summary": "友だちをシナリオに登録します / Start a scenario for a friend",
        "description": (
            "対象の条件と、再開の決まりに従います。始まらなかったときは entered が false です。"
            " / By the scenario's own rules; `entered` is false when they keep the friend out."
        ),
        "parameters": [_ID],
        "requestBody": {"required": True, "content": body},
        "responses": _answers(
            "Whether the friend started.", scenario_shapes.EnrolmentOut, 400, 401, 404, 413, 415, 422
        ),
    }


_ID: dict[str, Any] = {
    "name": "scenario_id",
    "in": "path",
    "required": True,
    "schema": {"type": "integer", "minimum": 1, "maximum": shapes.BIGGEST_ID},
}


def _ref(shape: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def _json(shape: type[BaseModel]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": _ref(shape)}}}


def _answers(told: str, shape: type[BaseModel], *errors: int) -> dict[str, Any]:
    refusals = {str(code): {"description": _ERRORS[code], **_json(shapes.ErrorOut)} for code in errors}
    return {"200": {"description": told, **_json(shape)}} | refusals

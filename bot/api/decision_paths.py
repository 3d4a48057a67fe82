"""The description of the calls about decisions, for bot.api.openapi."""

from typing import Any

from bot.api import shapes
from bot.api.decisions import DecisionsOut
from bot.api.reaction_paths import FRIEND

GIVEN = (DecisionsOut,)
_NUMBER = {"type": "integer", "minimum": 1, "maximum": shapes.BIGGEST_ID}


def paths() -> dict[str, Any]:
    """Return the paths with their operations."""
    return {
        "/api/v1/friends/{friend_id}/decisions": {
            "get": {
                "operationId": "getDecisions",
                "summary": "配信を見送った・保留した理由を返します / Why messages were held back or refused",
                "parameters": [
                    FRIEND,
                    {"name": "broadcast_id", "in": "query", "required": False, "schema": _NUMBER},
                ],
                "responses": {
                    "200": {"description": "The decisions.", **_json("DecisionsOut")},
                    "401": {"description": "No valid key.", **_json("ErrorOut")},
                    "404": {"description": "No such friend or broadcast.", **_json("ErrorOut")},
                    "422": {
                        "description": "The broadcast's condition names what is gone.",
                        **_json("ErrorOut"),
                    },
                },
            }
        }
    }


def _json(name: str) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}

"""The shapes of the call about savings, and its description for bot.api.openapi."""

from typing import Any

from pydantic import BaseModel

from bot.api import shapes


class MonthOut(BaseModel):
    """What one month saved."""

    month: str
    """`2026-11`, by Japan's calendar."""
    bundled: int
    """Messages that went in a push which left anyway."""
    on_replies: int
    """Messages that went with a free reply."""
    yen: int
    """Before tax, at the price of one message on the shop's plan of that time."""


class SavingsOut(BaseModel):
    """What bundling and free replies saved, the newest month first."""

    window_minutes: int
    """How long a message may wait for another one to the same friend."""
    months: list[MonthOut]


def paths() -> dict[str, Any]:
    """Return the paths with their operations."""
    return {"/api/v1/savings": {"get": _savings()}}


def _savings() -> dict[str, Any]:
    return {
        "operationId": "getSavings",
        "summary": "まとめ配信と無料の応答で節約した通数と金額 / Messages and yen saved by bundling and free replies",
        "description": "金額は税別の円です。 / Yen before tax; the month is Japan's, as LINE counts it.",
        "responses": {
            "200": {"description": "The months.", **_json("SavingsOut")},
            "401": {"description": "No valid key.", **_json(shapes.ErrorOut.__name__)},
        },
    }


def _json(name: str) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}


GIVEN = (MonthOut, SavingsOut)
"""What the call answers with."""

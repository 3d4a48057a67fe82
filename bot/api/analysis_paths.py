"""The description of the calls about sales and customers, for bot.api.openapi."""

from typing import Any

from pydantic import BaseModel

from bot.api import analysis_shapes, shapes
from bot.api.reaction_paths import FRIEND

GIVEN: tuple[type[BaseModel], ...] = (
    analysis_shapes.BestSellersOut,
    analysis_shapes.NextOut,
    analysis_shapes.RecommendationsOut,
    analysis_shapes.F2Out,
    analysis_shapes.RepeatOut,
    analysis_shapes.CohortsOut,
    analysis_shapes.RfmOut,
    analysis_shapes.DecilesOut,
    analysis_shapes.TimesOut,
)
_ERRORS = {
    401: "No valid key.",
    404: "What was named does not exist.",
    422: "A parameter is missing or wrong.",
}
_DAY = {"type": "string", "format": "date"}
_SINCE = {"name": "since", "in": "query", "schema": _DAY, "description": "初日（店舗の暦） / first day"}
_UNTIL = {
    "name": "until",
    "in": "query",
    "schema": _DAY,
    "description": "最終日（含む） / last day, included",
}


def paths() -> dict[str, Any]:
    """Return the paths with their operations."""
    of = "/api/v1/analysis"
    return {
        f"{of}/best-sellers": _get(
            "bestSellers",
            "売れ筋商品を返します / The products that sold best",
            analysis_shapes.BestSellersOut,
            [
                _SINCE,
                _UNTIL,
                _query(
                    "by", {"type": "string", "enum": ["quantity", "yen", "buyers"], "default": "quantity"}
                ),
                _query(
                    "category", {"type": "string", "maxLength": 64, "pattern": analysis_shapes.NO_CONTROLS}
                ),
                _limit(1000, 20),
            ],
            422,
        ),
        f"{of}/next": _get(
            "nextProducts",
            "次に買われる商品を返します / What is bought after a product",
            analysis_shapes.NextOut,
            [
                _query(
                    "product", {"type": "string", "minLength": 1, "maxLength": 64, "pattern": shapes.PLAIN}
                )
                | {"required": True},
                _limit(1000, 20),
            ],
            404,
            422,
        ),
        f"{of}/f2": _get(
            "f2Conversion",
            "F2転換率を返します / The share of first-time buyers who buy again",
            analysis_shapes.F2Out,
            [
                _SINCE,
                _UNTIL,
                _query("days", {"type": "integer", "minimum": 1, "maximum": 3660, "default": 90}),
            ],
            422,
        ),
        f"{of}/repeat": _get(
            "repeatRate",
            "リピート率を返します / The share of repeaters among buyers",
            analysis_shapes.RepeatOut,
            [_SINCE, _UNTIL],
            422,
        ),
        f"{of}/cohorts": _get(
            "cohorts",
            "初回購入月ごとのコホートとLTVを返します / Cohorts by first month, and LTV",
            analysis_shapes.CohortsOut,
            [],
        ),
        f"{of}/rfm": _get("rfm", "RFM分析の表を返します / The RFM table", analysis_shapes.RfmOut, []),
        f"{of}/deciles": _get(
            "deciles", "デシル分析の表を返します / The decile table", analysis_shapes.DecilesOut, []
        ),
        f"{of}/times": _get(
            "buyingTimes",
            "曜日・時間帯・月ごとの購入を返します / When orders are made",
            analysis_shapes.TimesOut,
            [_SINCE, _UNTIL],
            422,
        ),
        "/api/v1/friends/{friend_id}/recommendations": _get(
            "recommendations",
            "友だちへのおすすめ商品を返します / What to suggest to a friend",
            analysis_shapes.RecommendationsOut,
            [FRIEND, _limit(50, 5)],
            404,
            422,
        ),
    }


def _get(name: str, summary: str, shape: type[BaseModel], asked: list[Any], *errors: int) -> dict[str, Any]:
    refusals = {str(code): _answer(_ERRORS[code], shapes.ErrorOut) for code in (401, *errors)}
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "parameters": asked,
            "responses": {"200": _answer("The figures.", shape), **refusals},
        }
    }


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}


def _limit(most: int, usual: int) -> dict[str, Any]:
    return _query("limit", {"type": "integer", "minimum": 1, "maximum": most, "default": usual})


def _answer(told: str, shape: type[BaseModel]) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{shape.__name__}"}
    return {"description": told, "content": {"application/json": {"schema": schema}}}

"""Quota, consumption, numbers of sent messages, aggregation units."""

import re

from flask import Blueprint, Response, request

from bot.simulator.answers import answer
from bot.simulator.clock import day_of, month_of
from bot.simulator.errors import LineError
from bot.simulator.platform import platform

bp = Blueprint("figures", __name__)
_FIRST_DAY = "20180331"
_UNITS_A_PAGE = 100


@bp.get("/v2/bot/message/quota", endpoint="quota")
def quota() -> Response:
    """This month's limit."""
    messages = platform().channel.quota()
    return answer({"type": "none"} if messages is None else {"type": "limited", "value": messages})


@bp.get("/v2/bot/message/quota/consumption", endpoint="consumption")
def consumption() -> Response:
    """Messages counted this month."""
    return answer({"totalUsage": platform().sender.used()})


@bp.get("/v2/bot/message/delivery/<any(reply,push,multicast,broadcast):kind>", endpoint="delivery")
def delivery(kind: str) -> Response:
    """Messages sent on a day in Japan; a day must be over to be counted."""
    day = request.args.get("date", "")
    if re.fullmatch(r"\d{8}", day) is None:
        raise LineError(400, "The value for the 'date' parameter is invalid")
    if day < _FIRST_DAY:
        return answer({"status": "out_of_service"})
    if day >= day_of(platform().clock.now_ms()):
        return answer({"status": "unready"})
    sent = platform().state.number("SELECT messages FROM daily WHERE day = ? AND endpoint = ?", (day, kind))
    return answer({"status": "ready", "success": sent})


@bp.get("/v2/bot/message/aggregation/info", endpoint="units_used")
def units_used() -> Response:
    """How many unit names were used this month."""
    month = month_of(platform().clock.now_ms())
    used = platform().state.number("SELECT count(*) FROM units WHERE month = ?", (month,))
    return answer({"numOfCustomAggregationUnits": used})


@bp.get("/v2/bot/message/aggregation/list", endpoint="units_list")
def units_list() -> Response:
    """The unit names of this month, a page at a time."""
    limit = request.args.get("limit", default=_UNITS_A_PAGE, type=int)
    if not 1 <= limit <= _UNITS_A_PAGE:
        raise LineError(400, "The value for the 'limit' parameter is invalid")
    found = platform().state.rows(
        "SELECT name FROM units WHERE month = ? AND name > ? ORDER BY name LIMIT ?",
        (month_of(platform().clock.now_ms()), request.args.get("start", ""), limit + 1),
    )
    names = [str(row["name"]) for row in found]
    more = {"next": names[limit - 1]} if len(names) > limit else {}
    return answer({"customAggregationUnits": names[:limit], **more})

"""What tests count: requests, deliveries, duplicates, webhooks."""

import json

from flask import Blueprint, Response, request

from bot.simulator.answers import answer
from bot.simulator.control.wishes import wishes
from bot.simulator.errors import LineError
from bot.simulator.json_types import JsonObject
from bot.simulator.platform import platform

_REACHED = "SELECT count(DISTINCT person) FROM chat WHERE send IS NOT NULL"
_BY_FRIEND = """
    SELECT user_id, n FROM people
    JOIN (SELECT person, count(*) AS n FROM chat WHERE send IS NOT NULL GROUP BY person) ON person = people.no
"""
_REPEATED = """
    SELECT sum(n - 1) FROM (
        SELECT count(*) AS n FROM chat JOIN sends ON sends.no = chat.send
        WHERE (sends.endpoint = 'reply') = ? GROUP BY chat.person, sends.body_hash HAVING n > 1
    )
"""


bp = Blueprint("sim_figures", __name__, url_prefix="/sim")


@bp.get("/counts")
def counts() -> Response:
    """Requests by endpoint and status, deliveries, duplicates; ?friends=0 leaves out the map by friend.

    A delivery is one request that reached one friend. `duplicates` counts deliveries of a body the friend had already
    got by push, multicast, narrowcast or broadcast; status 0 stands for a connection that was reset.
    """
    now = platform()
    figures: JsonObject = {
        "requests": _requests(),
        **_deliveries(),
        "key_body_mismatch": now.state.number("SELECT value FROM counters WHERE name = 'key_body_mismatch'"),
        "quota": {"limit": now.channel.quota(), "used": now.sender.used()},
        "people": now.people.counts(),
        "webhooks": _webhook_states(),
    }
    return answer(figures)


@bp.get("/webhooks")
def webhooks() -> Response:
    """The delivery log, oldest first: ?limit=n (the newest n) → {"webhooks", "counts"}."""
    limit = request.args.get("limit", default=1000, type=int)
    found = platform().state.rows(
        "SELECT * FROM (SELECT * FROM webhooks ORDER BY no DESC LIMIT ?) ORDER BY no", (limit,)
    )
    log: list[JsonObject] = []
    for row in found:
        event: JsonObject = json.loads(row["event"])
        log.append({
            "webhookEventId": event["webhookEventId"], "type": event["type"], "state": row["state"],
            "attempts": row["attempts"], "status": row["status"], "ms": row["ms"], "error": row["error"],
            "event": event,
        })  # fmt: skip
    return answer({"webhooks": log, "counts": _webhook_states()})


@bp.post("/webhooks/flush")
def flush() -> Response:
    """Answer when all queued events are delivered or given up: {"timeout_seconds": 30} → {"done"}."""
    seconds = wishes().get("timeout_seconds", 30)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise LineError(400, "timeout_seconds must be a number")
    return answer({"done": platform().courier.flush(seconds), "counts": _webhook_states()})


def _requests() -> JsonObject:
    found: dict[str, dict[str, int]] = {}
    for row in platform().state.rows("SELECT * FROM requests"):
        found.setdefault(row["endpoint"], {})[str(row["status"])] = row["n"]
    return dict(found)


def _deliveries() -> JsonObject:
    state = platform().state
    figures: JsonObject = {
        "delivered": state.number("SELECT sum(delivered) FROM sends"),
        "friends_reached": state.number(_REACHED),
        "duplicates": state.number(_REPEATED, (0,)),
        "duplicate_replies": state.number(_REPEATED, (1,)),
    }
    if request.args.get("friends") != "0":
        figures["friends"] = {row["user_id"]: row["n"] for row in state.rows(_BY_FRIEND)}
        bodies = state.rows("SELECT body_hash, sum(delivered) AS n FROM sends GROUP BY body_hash")
        figures["bodies"] = {row["body_hash"]: row["n"] for row in bodies}
    return figures


def _webhook_states() -> JsonObject:
    found = platform().state.rows("SELECT state, count(*) AS n FROM webhooks GROUP BY state")
    return {row["state"]: row["n"] for row in found}

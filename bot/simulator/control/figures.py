"""What tests count: requests, deliveries, duplicates, webhooks."""

import json

from flask import Blueprint, Response, request

from bot.simulator.answers import answer
from bot.simulator.control.wishes import wishes
from bot.simulator.json_types import JsonObject
from bot.simulator.platform import platform

_DELIVERIES = """
    SELECT user_id, sends.body_hash AS body, sends.endpoint = 'reply' AS reply, count(*) AS n
    FROM chat JOIN sends ON sends.no = chat.send JOIN people ON people.no = chat.person
    GROUP BY chat.person, sends.body_hash, reply
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
    seconds = float(wishes().get("timeout_seconds", 30))
    return answer({"done": platform().courier.flush(seconds), "counts": _webhook_states()})


def _requests() -> JsonObject:
    found: dict[str, dict[str, int]] = {}
    for row in platform().state.rows("SELECT * FROM requests"):
        found.setdefault(row["endpoint"], {})[str(row["status"])] = row["n"]
    return dict(found)


def _deliveries() -> JsonObject:
    by_friend: dict[str, int] = {}
    bodies: dict[str, int] = {}
    duplicates = {0: 0, 1: 0}
    for row in platform().state.rows(_DELIVERIES):
        by_friend[row["user_id"]] = by_friend.get(row["user_id"], 0) + row["n"]
        bodies[row["body"]] = bodies.get(row["body"], 0) + row["n"]
        duplicates[row["reply"]] += row["n"] - 1
    figures: JsonObject = {
        "delivered": sum(bodies.values()),
        "friends_reached": len(by_friend),
        "duplicates": duplicates[0],
        "duplicate_replies": duplicates[1],
    }
    if request.args.get("friends") != "0":
        figures["friends"] = by_friend
        figures["bodies"] = bodies
    return figures


def _webhook_states() -> JsonObject:
    found = platform().state.rows("SELECT state, count(*) AS n FROM webhooks GROUP BY state")
    return {row["state"]: row["n"] for row in found}

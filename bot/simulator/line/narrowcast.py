"""Narrowcast: a send with a ceiling, and its progress."""

from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Response, request

from bot.simulator.answers import answer, request_body, request_id
from bot.simulator.clock import iso
from bot.simulator.errors import MONTHLY_LIMIT, LineError, body_errors
from bot.simulator.json_types import JsonObject, as_integer, as_object
from bot.simulator.line.send import narrowed
from bot.simulator.people import Person
from bot.simulator.platform import platform

bp = Blueprint("narrowcast", __name__)
_PARTIAL = "Message delivery has been canceled to prevent delivery to only a subset of the target audience"


@bp.post("/v2/bot/message/narrowcast", endpoint="narrowcast")
def narrowcast() -> Response:
    """Send to friends: all, a random number of them, or those an earlier request reached."""
    body = request_body()
    limit, aim = _limit_of(body), _Aim()
    # Chosen inside the transaction: a repeated key must meet its 409 before the quota.
    sending = replace(narrowed(body), recipients=lambda: aim.choose(_recipients(body), limit))
    platform().sender.accept(sending, request_id())
    _note(aim)
    return answer({}, 202)


@bp.get("/v2/bot/message/progress/narrowcast", endpoint="narrowcast_progress")
def progress() -> Response:
    """How far a narrowcast is: the simulator is always done."""
    wanted = request.args.get("requestId", "")
    row = platform().state.row(
        "SELECT * FROM narrowcasts LEFT JOIN sends USING (request_id) WHERE request_id = ?", (wanted,)
    )
    if row is None:
        raise LineError(404, "Not found")
    found: JsonObject = {"acceptedTime": iso(row["at"]), "completedTime": iso(row["at"])}
    if row["error"] is not None:
        return answer(
            {"phase": "failed", "failedDescription": row["error"], "errorCode": row["code"], **found}
        )
    counts = {"successCount": row["delivered"], "failureCount": 0, "targetCount": row["target"]}
    return answer({"phase": "succeeded", **counts, **found})


def _limit_of(body: JsonObject) -> JsonObject:
    limit = as_object(body.get("limit", {}))
    if limit is None:
        raise body_errors([("invalid property", "limit")])
    if "max" in limit and (as_integer(limit["max"]) or 0) < 1:
        raise body_errors([("must be greater than or equal to 1", "limit.max")])
    if limit.get("forbidPartialDelivery") and not limit.get("upToRemainingQuota"):
        raise body_errors([("requires upToRemainingQuota", "limit.forbidPartialDelivery")])
    return limit


def _recipients(body: JsonObject) -> list[Person]:
    recipient = as_object(body.get("recipient"))
    if recipient is None:
        return platform().people.friends()
    if recipient.get("type") != "redelivery":
        raise body_errors([("The simulator knows no audiences", "recipient.type")])
    found = platform().state.rows(
        "SELECT DISTINCT person FROM chat JOIN sends ON sends.no = chat.send WHERE request_id = ?",
        (recipient.get("requestId"),),
    )
    return [platform().people.numbered(row["person"]) for row in found]


@dataclass
class _Aim:
    """Whom a narrowcast was meant for, and whether it was called off."""

    target: int = 0
    cancelled: bool = False

    def choose(self, people: list[Person], limit: JsonObject) -> list[Person]:
        """Those who get it. Raises LineError 429."""
        chosen = _within_quota(_at_most(people, limit.get("max")), limit)
        self.target = len(people)
        self.cancelled = bool(limit.get("forbidPartialDelivery")) and len(chosen) < len(people)
        return [] if self.cancelled else chosen


def _at_most(people: list[Person], ceiling: Any) -> list[Person]:
    return people if ceiling is None else platform().faults.shuffle(people)[:ceiling]


def _within_quota(people: list[Person], limit: JsonObject) -> list[Person]:
    left = platform().sender.remaining()
    if left is None or len(people) <= left:
        return people
    if not limit.get("upToRemainingQuota"):
        raise LineError(429, MONTHLY_LIMIT)
    return people[:left]


def _note(aim: _Aim) -> None:
    now = platform().clock.now_ms()
    error = (_PARTIAL, 5) if aim.cancelled else (None, None)
    platform().state.write(
        "INSERT INTO narrowcasts VALUES (?, ?, ?, ?, ?)", (request_id(), now, aim.target, *error)
    )

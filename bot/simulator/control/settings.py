"""Changing what the platform does: faults, webhook, quota, clock, rates; starting anew."""

from dataclasses import asdict
from datetime import datetime, timedelta

from flask import Blueprint, Response

from bot.simulator.answers import answer
from bot.simulator.control.wishes import wishes
from bot.simulator.errors import LineError
from bot.simulator.json_types import JsonObject, as_array, as_integer, as_object
from bot.simulator.platform import platform

bp = Blueprint("sim_settings", __name__, url_prefix="/sim")


@bp.put("/faults")
def faults() -> Response:
    """Replace the fault plan; an empty object ends all faults. A whole number means the next n, a fraction a rate."""
    try:
        platform().faults.change(wishes())
    except ValueError as failure:
        raise LineError(400, str(failure)) from failure
    return answer(asdict(platform().faults.plan))


@bp.put("/webhook")
def webhook() -> Response:
    """{"url", "secret", "active", "redelivery"}, each optional."""
    channel, asked = platform().channel, wishes()
    if "url" in asked:
        channel.point_webhook(asked["url"])
    if asked.get("secret"):
        channel.set_secret(str(asked["secret"]))
    if "active" in asked:
        channel.switch_webhook(bool(asked["active"]))
    if "redelivery" in asked:
        channel.switch_redelivery(bool(asked["redelivery"]))
    target = channel.webhook()
    return answer({
        "url": target.url if target else None,
        "active": target.active if target else False,
        "redelivery": channel.redelivery,
    })  # fmt: skip


@bp.put("/quota")
def quota() -> Response:
    """{"value": messages or null for no limit, "used": messages counted so far}, each optional."""
    asked = wishes()
    if "value" in asked:
        platform().channel.set_quota(_count(asked, "value") if asked["value"] is not None else None)
    if "used" in asked:
        platform().sender.set_used(_count(asked, "used"))
    return answer({"value": platform().channel.quota(), "used": platform().sender.used()})


@bp.put("/clock")
def clock() -> Response:
    """{"offset_seconds": n}, {"now": ISO with a zone}, {"advance_seconds": n}, {"frozen": true or false}."""
    now, asked = platform().clock, wishes()
    if "offset_seconds" in asked:
        now.shift(_seconds(asked, "offset_seconds"))
    if "frozen" in asked:
        now.freeze(bool(asked["frozen"]))  # before the move, so that a clock frozen at T stands at T
    if "now" in asked:
        now.move_to(_instant(str(asked["now"])))
    if "advance_seconds" in asked:
        now.advance(_seconds(asked, "advance_seconds"))
    return answer(now.describe())


@bp.put("/rates")
def rates() -> Response:
    """{"enabled": true or false, "limits": {endpoint: [requests, seconds]}}, each optional."""
    asked, now = wishes(), platform().rates
    if "enabled" in asked:
        now.enabled = bool(asked["enabled"])
    for name, pair in (as_object(asked.get("limits")) or {}).items():
        numbers = [number for each in as_array(pair) or [] if (number := as_integer(each)) is not None]
        if len(numbers) != 2 or numbers[1] < 1:
            raise LineError(400, "a limit is [requests, seconds]")
        now.overrides[name] = (numbers[0], numbers[1])
    return answer(
        {"enabled": now.enabled, "limits": {name: list(pair) for name, pair in now.overrides.items()}}
    )


@bp.post("/reset")
def reset() -> Response:
    """As on the first start."""
    platform().reset()
    return answer({"reset": True})


def _count(asked: JsonObject, name: str) -> int:
    number = as_integer(asked[name])
    if number is None or number < 0:
        raise LineError(400, f"{name} must be a whole number from 0")
    return number


def _seconds(asked: JsonObject, name: str) -> timedelta:
    number = asked[name]
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise LineError(400, f"{name} must be a number")
    return timedelta(seconds=number)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as failure:
        raise LineError(400, "now must be an ISO 8601 instant") from failure
    if instant.tzinfo is None:
        raise LineError(400, "now must name its zone, such as +09:00")
    return instant

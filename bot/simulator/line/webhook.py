"""The webhook endpoint's address and its test."""

from flask import Blueprint, Response, request

from bot.simulator.answers import answer, request_body
from bot.simulator.clock import iso
from bot.simulator.errors import body_errors, not_found
from bot.simulator.json_types import compact
from bot.simulator.platform import platform
from bot.simulator.validation.problems import Problems
from bot.simulator.validation.rules import uri
from bot.simulator.webhook_post import post

bp = Blueprint("webhook", __name__)
# LINE takes https only; the simulator must reach a bot on the same machine.
_ADDRESS = uri(500, ("https", "http"))


@bp.get("/v2/bot/channel/webhook/endpoint", endpoint="webhook_get")
def webhook_get() -> Response:
    """The address and whether it is in use."""
    target = platform().channel.webhook()
    if target is None:
        raise not_found()
    return answer({"endpoint": target.url, "active": target.active})


@bp.put("/v2/bot/channel/webhook/endpoint", endpoint="webhook_put")
def webhook_put() -> Response:
    """Set the address."""
    platform().channel.point_webhook(_checked(request_body().get("endpoint")))
    return answer()


@bp.post("/v2/bot/channel/webhook/test", endpoint="webhook_test")
def webhook_test() -> Response:
    """Send no events to the address, or to another, and tell how it went."""
    now, target = platform(), platform().channel.webhook()
    asked = request_body() if request.content_length else {}
    wanted = asked.get("endpoint") or (target.url if target else None)
    body = compact({"destination": now.config.bot_user_id, "events": []}).encode()
    result = post(_checked(wanted), body, now.channel.secret, now.config.webhook_timeout)
    reason = "OK" if result.ok else result.error or "ERROR_STATUS_CODE"
    return answer({
        "success": result.ok,
        "timestamp": iso(now.clock.now_ms()),
        "statusCode": result.status or 0,
        "reason": reason,
        "detail": str(result.status or result.error),
    })  # fmt: skip


def _checked(address: object) -> str:
    problems = Problems()
    _ADDRESS(address, ("endpoint",), problems)
    if problems.found:
        raise body_errors([(problem.text, "endpoint") for problem in problems.found])
    return str(address)

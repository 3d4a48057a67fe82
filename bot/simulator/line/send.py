"""Sending: reply, push, multicast, broadcast, and checking messages without sending."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request

from bot.simulator import retry_keys
from bot.simulator.answers import answer, request_body, request_id
from bot.simulator.errors import LineError, body_errors
from bot.simulator.json_types import JsonObject
from bot.simulator.people import Person
from bot.simulator.platform import platform
from bot.simulator.retry_keys import RetryClaim
from bot.simulator.sending import Accepted, Sending
from bot.simulator.validation.bodies import messages_of, recipient_of, recipients_of, unit_of

bp = Blueprint("send", __name__)


@bp.post("/v2/bot/message/reply", endpoint="reply")
def reply() -> Response:
    """Answer an event with its reply token; free of charge."""
    body = request_body()
    messages, token = messages_of(body), body.get("replyToken")
    if not isinstance(token, str) or not token:
        raise body_errors([("May not be empty", "replyToken")])
    sending = Sending("reply", messages, lambda: _spoken_to(token), counted=False)
    return answer({"sentMessages": platform().sender.accept(sending, request_id()).sent_messages})


@bp.post("/v2/bot/message/push", endpoint="push")
def push() -> Response:
    """Send to one person."""
    claim, body = _claim("push"), request_body()
    to, messages = recipient_of(body), messages_of(body)
    sending = Sending("push", messages, lambda: _one(to), claim, unit_of(body))
    return answer({"sentMessages": _accept(sending).sent_messages})


@bp.post("/v2/bot/message/multicast", endpoint="multicast")
def multicast() -> Response:
    """Send to up to 500 people, to all of them or to none."""
    claim, body = _claim("multicast"), request_body()
    to, messages = recipients_of(body), messages_of(body)
    _accept(Sending("multicast", messages, lambda: _many(to, body["to"]), claim, unit_of(body)))
    return answer()


@bp.post("/v2/bot/message/broadcast", endpoint="broadcast")
def broadcast() -> Response:
    """Send to all friends."""
    claim, body = _claim("broadcast"), request_body()
    _accept(Sending("broadcast", messages_of(body), platform().people.friends, claim))
    return answer()


@bp.post(
    "/v2/bot/message/validate/<any(reply,push,multicast,narrowcast,broadcast):kind>", endpoint="validate"
)
def validate(kind: str) -> Response:
    """Check message objects; all kinds of sending take the same."""
    del kind
    messages_of(request_body())
    return answer()


def _claim(endpoint: str) -> RetryClaim | None:
    return retry_keys.claim_of(request.headers.get(retry_keys.HEADER), endpoint, request.get_data())


def _accept(sending: Sending) -> Accepted:
    return platform().sender.accept(sending, request_id())


def _spoken_to(token: str) -> Sequence[Person]:
    now = platform()
    person = now.reply_tokens.take(token, now.clock.now_ms())
    return [] if person is None else [now.people.numbered(person)]


def _one(user_id: str) -> Sequence[Person]:
    found = platform().people.find(user_id)
    if found is None or not found.known:
        raise LineError(400, "Failed to send messages")
    return [found]


def _many(user_ids: Sequence[str], as_given: list[Any]) -> Sequence[Person]:
    found = platform().people.among(user_ids)
    for user_id in user_ids:
        if user_id not in found or not found[user_id].known:
            raise LineError(
                400, f"The property, to[{as_given.index(user_id)}], in the request body is invalid"
            )
    return list(found.values())


def narrowed(body: JsonObject) -> Sending:
    """The checked narrowcast without its recipients."""
    return Sending("narrowcast", messages_of(body), list, _claim("narrowcast"))

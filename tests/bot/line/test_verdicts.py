"""What each answer of LINE means."""

import json
from datetime import timedelta

import pytest

from bot.line.verdicts import verdict
from scheduler.gateway import (
    Accepted,
    QuotaExhausted,
    RateLimited,
    RefusedByLine,
    TemporaryGatewayError,
    TokenInvalid,
)

MONTHLY = "You have reached your monthly limit."
RATE = "The API rate limit has been exceeded. Try again later."


def told(message: str, **more: object) -> str:
    return json.dumps({"message": message, **more})


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, told(RATE), RateLimited),
        (429, told(MONTHLY), QuotaExhausted),
        (429, told("something new"), RateLimited),
        (429, "<html>", RateLimited),
        (500, told("Internal server error"), TemporaryGatewayError),
        (502, "<html>bad gateway</html>", TemporaryGatewayError),
        (503, "", TemporaryGatewayError),
        (504, "", TemporaryGatewayError),
        (401, told("Authentication failed"), TokenInvalid),
        (403, told("Access to this API is not available"), TokenInvalid),
        (400, told("Failed to send messages"), RefusedByLine),
        (404, told("Not found"), RefusedByLine),
        (413, told("too large"), RefusedByLine),
        (409, told("no accepted id"), RefusedByLine),
        (302, "", RefusedByLine),
        (400, "[1, 2]", RefusedByLine),
        (400, told("x", details="nonsense"), RefusedByLine),
        (400, told("x", details=[1, None]), RefusedByLine),
    ],
)
def test_each_answer_has_one_kind(status: int, body: str, kind: type[Exception]):
    found = verdict(status, {"x-line-request-id": "r1"}, body)
    assert type(found) is kind
    assert isinstance(found, kind)
    assert getattr(found, "request_id") == "r1"  # noqa: B009 — common to all kinds, but not typed so
    assert getattr(found, "status") == status  # noqa: B009


def test_a_retry_key_taken_before_is_accepted():
    headers = {"x-line-request-id": "second", "x-line-accepted-request-id": "first"}
    assert verdict(409, headers, told("The retry key is already accepted")) == Accepted("second", "first")


def test_the_named_recipient_is_found_in_the_message_or_in_the_details():
    in_message = verdict(400, {}, told("The property, to[12], in the request body is invalid"))
    details = [{"message": "invalid", "property": "to[3]"}]
    in_details = verdict(400, {}, told("The request body has 1 error(s)", details=details))
    assert isinstance(in_message, RefusedByLine)
    assert isinstance(in_details, RefusedByLine)
    assert (in_message.recipient_index, in_details.recipient_index) == (12, 3)
    assert in_details.details == (("to[3]", "invalid"),)


def test_other_brackets_name_no_recipient():
    found = verdict(400, {}, told("messages[0].text may not be empty; auto[1] neither"))
    assert isinstance(found, RefusedByLine)
    assert found.recipient_index is None


def test_retry_after_is_heeded_when_it_is_a_number():
    found = verdict(429, {"retry-after": "7"}, told(RATE))
    assert isinstance(found, RateLimited)
    assert found.retry_after == timedelta(seconds=7)
    odd = verdict(503, {"retry-after": "Wed, 21 Oct"}, "")
    assert isinstance(odd, TemporaryGatewayError)
    assert odd.retry_after is None

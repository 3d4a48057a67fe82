"""The port through which messages leave, and the few kinds of failure the scheduler decides by."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

MessageObject = dict[str, Any]
"""One LINE message object as JSON; a request carries one to five of them."""


@dataclass(frozen=True)
class Accepted:
    """LINE took the request: 200, or 409 for a retry key it had taken before. Not "read"."""

    request_id: str | None
    accepted_request_id: str | None = None
    """Set on 409: the id of the call that LINE accepted first."""


@dataclass(frozen=True)
class Push:
    """One personal message: to one friend, under one retry key, with these very bytes."""

    delivery_id: int
    to: str
    text: str
    """The message objects as one JSON list, written once: a resend must be the same to the byte."""
    retry_key: UUID

    @property
    def messages(self) -> tuple[MessageObject, ...]:
        """The message objects, read from the text."""
        return tuple(json.loads(self.text))


class GatewayError(Exception):
    """A call that did not end in acceptance."""

    def __init__(self, message: str, *, status: int | None = None, request_id: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.request_id = request_id


class TemporaryGatewayError(GatewayError):
    """LINE said that it failed (500), and may have taken it nevertheless: try the same key and body again."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: timedelta | None = None,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, status=status, request_id=request_id)
        self.retry_after = retry_after


class NotTaken(TemporaryGatewayError):
    """LINE certainly did not take it, for there was no connection: wait, then ask anew whether it may still leave."""


class RateLimited(NotTaken):
    """429 of the per-second kind: wait, then the same under the same key if it may still leave."""


class TurnPassed(GatewayError):
    """It did not leave: its turn at LINE's rate had passed when there was time for it. It takes another one."""


class UncertainGatewayError(GatewayError):
    """The request may or may not have been taken (time-out, reset after sending).

    With a retry key the same request resolves it; a reply has none and stays uncertain.
    """


class QuotaExhausted(GatewayError):
    """429 of the monthly kind: stop, keep the rest queued, tell the operator."""


class TokenInvalid(GatewayError):
    """401 or 403: nothing will pass until an operator mends the channel's token."""


class RefusedByLine(GatewayError):
    """LINE will never take this body (400, 413, 404)."""

    def __init__(
        self,
        message: str,
        *,
        recipient_index: int | None = None,
        details: Sequence[tuple[str, str]] = (),
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, status=status, request_id=request_id)
        self.recipient_index = recipient_index
        """Position in `to` that LINE named as unknown; nobody of that multicast got it."""
        self.details = tuple(details)
        """(property, what is wrong with it) as LINE says it."""


@dataclass(frozen=True)
class ToMany:
    """One identical message to at most 500 user ids, under its retry key."""

    to: Sequence[str]
    messages: Sequence[MessageObject]
    retry_key: UUID


@dataclass(frozen=True)
class Quota:
    """What the shop's plan allows this month, and what LINE says is used."""

    limit: int | None
    used: int


@dataclass(frozen=True)
class Profile:
    """What LINE tells of a friend."""

    display_name: str
    picture_url: str | None = None
    language: str | None = None
    extra: dict[str, Any] = field(default_factory=dict[str, Any])


class MessageGateway(Protocol):
    """Where deliveries go. Every method raises a GatewayError of one of the kinds above."""

    def push_many(self, pushes: Sequence[Push]) -> list[Accepted | GatewayError]:
        """Send each push at LINE's pace; the answer at i is what became of `pushes[i]`. Never raises for one.

        What comes too late for its pace, or waits too long for a connection, has TurnPassed for an answer.
        """
        ...

    def multicast(self, to: Sequence[str], messages: Sequence[MessageObject], retry_key: UUID) -> Accepted:
        """Send one identical message to at most 500 user ids."""
        ...

    def multicast_many(self, requests: Sequence[ToMany]) -> list[Accepted | GatewayError]:
        """Send each multicast at LINE's pace; the answer at i is what became of `requests[i]`. Never raises for one.

        What waits too long for a connection has TurnPassed for an answer.
        """
        ...

    def reply(self, reply_token: str, messages: Sequence[MessageObject]) -> Accepted:
        """Answer with a reply token: free, once, within its minute, without a retry key."""
        ...

    def validate(self, kind: str, messages: Sequence[MessageObject]) -> None:
        """Have LINE check message objects for `kind` (push, multicast, reply …) without sending."""
        ...

    def quota(self) -> Quota:
        """Ask LINE for this month's limit and use."""
        ...

    def profile(self, line_user_id: str) -> Profile:
        """Ask LINE for a friend's name, picture and language."""
        ...


@runtime_checkable
class EveryoneGateway(Protocol):
    """What can also send to all who follow the account, without naming them."""

    def broadcast(self, messages: Sequence[MessageObject], retry_key: UUID) -> Accepted:
        """Send one identical message to everybody LINE knows as a friend; raises a GatewayError as the others do."""
        ...

"""The LINE platform as the scheduler sees it: every message leaves through here."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote
from uuid import UUID

from bot import picture_addresses
from bot.line.account import LineAccount
from bot.line.calls import CallRecorder
from bot.line.exchange import Reply, Request
from bot.line.ports import Answer
from bot.line.token_desk import TokenDesk
from bot.line.tokens import LongLivedToken, StatelessTokens, TokenSource
from bot.line.wire import Wire
from bot.settings import Settings
from scheduler.gateway import (
    Accepted,
    GatewayError,
    MessageObject,
    Profile,
    Push,
    ToMany,
    UncertainGatewayError,
)
from segments.clock import Clock
from segments.db import Database

MULTICAST_MOST = 500
MULTICAST_SPACING = 1 / 200
"""Seconds between two multicasts sent together: LINE allows 200 a second."""
PUSH_SPACING = 1 / 2000
"""Seconds between two pushes of a batch: LINE allows 2,000 a second, and not fifty in one moment."""
PUSHES_ALLOWED = 2000
PUSH_PATIENCE = 0.06
"""Seconds after which a push's turn has passed. With scheduler.pacing's rate and LATE, of a second's turns and what is late
for earlier ones fewer than PUSHES_ALLOWED leave: 1700 × (1 + .04 + .06)."""

LONGEST_STAY = 1.0
"""Seconds that pushes and multicasts may wait for a connection when LINE answers slowly; then it is asked anew whether
anybody stopped them, who expects within two seconds that nothing more leaves."""


class LineGateway(LineAccount):
    """Implements MessageGateway, EveryoneGateway and the ports of bot.line over HTTP.

    Message objects travel as the JSON they were composed as: line-bot-sdk's models drop keys they do not know.
    """

    def __init__(
        self,
        *,
        base_url: str,
        data_base_url: str,
        tokens: TokenSource,
        calls: CallRecorder,
        clock: Clock,
        desk: TokenDesk | None = None,
        pictures_at: str = picture_addresses.STORED,
        push_patience: float | None = None,
        longest_stay: float = LONGEST_STAY,
    ) -> None:
        super().__init__(base_url, data_base_url, tokens, calls, clock)
        self._wire = Wire(base_url, tokens, calls, clock, pictures_at)
        self._desk = desk
        self.push_patience = push_patience
        self._longest_stay = longest_stay

    def push_many(self, pushes: Sequence[Push]) -> list[Accepted | GatewayError]:
        """Send each push under its own retry key; what became of `pushes[i]` is at i."""
        requests = [_push(push) for push in pushes]
        replies = self._wire.call_all(requests, PUSH_SPACING, self.push_patience, self._longest_stay)
        return [reply.verdict for reply in replies]

    def multicast(self, to: Sequence[str], messages: Sequence[MessageObject], retry_key: UUID) -> Accepted:
        """Send one identical message to at most 500 user ids, to all or to none."""
        return self._accepted(_multicast(ToMany(to, messages, retry_key)))

    def multicast_many(self, requests: Sequence[ToMany]) -> list[Accepted | GatewayError]:
        """Send multicasts under a retry key each; what became of `requests[i]` is at i."""
        made = [_multicast(each) for each in requests]
        replies = self._wire.call_all(made, MULTICAST_SPACING, longest=self._longest_stay)
        return [reply.verdict for reply in replies]

    def broadcast(self, messages: Sequence[MessageObject], retry_key: UUID) -> Accepted:
        """Send one identical message to all who follow the account, to all or to none; LINE takes 60 an hour."""
        path = "/v2/bot/message/broadcast"
        return self._accepted(_post(path, {"messages": list(messages)}, retry_key=str(retry_key)))

    def reply(self, reply_token: str, messages: Sequence[MessageObject]) -> Accepted:
        """Answer with a reply token; it has no retry key, so this is never repeated."""
        return self._accepted(_reply(reply_token, messages))

    def reply_many(self, answers: Sequence[Answer]) -> list[Accepted | GatewayError]:
        """Send answers side by side; what became of `answers[i]` is at i."""
        requests = [_reply(answer.reply_token, answer.messages) for answer in answers]
        return [reply.verdict for reply in self._wire.call_all(requests)]

    def validate(self, kind: str, messages: Sequence[MessageObject]) -> None:
        """Have LINE check message objects; raises RefusedByLine with LINE's details."""
        self._accepted(_post(f"/v2/bot/message/validate/{kind}", {"messages": list(messages)}))

    def profile(self, line_user_id: str) -> Profile:
        """Return a friend's name, picture and language."""
        found = self.profiles([line_user_id])[0]
        if isinstance(found, GatewayError):
            raise found
        return found

    def profiles(self, line_user_ids: Sequence[str]) -> list[Profile | GatewayError]:
        """Ask for profiles side by side; what came of `line_user_ids[i]` is at i."""
        requests = [
            Request("GET", "/v2/bot/profile/{userId}", f"/v2/bot/profile/{quote(line_user_id, safe='')}")
            for line_user_id in line_user_ids
        ]
        return [_profile(reply) for reply in self._wire.call_all(requests)]

    def close(self) -> None:
        """Let what is under way end, close every connection and write the last request ids."""
        self._wire.close()
        super().close()
        if self._desk is not None:
            self._desk.close()
        self._calls.close()

    def _accepted(self, request: Request) -> Accepted:
        verdict = self._wire.call(request).verdict
        if isinstance(verdict, GatewayError):
            raise verdict
        return verdict


def open_gateway(settings: Settings, database: Database, clock: Clock) -> LineGateway:
    """Make the gateway that the settings describe; nothing connects before the first call."""
    calls = CallRecorder(database)
    base_url = settings.line_api_base_url
    desk: TokenDesk | None = None
    tokens: TokenSource = LongLivedToken(settings.channel_access_token.get_secret_value())
    if settings.channel_id:
        secret = settings.channel_secret.get_secret_value()
        desk = TokenDesk(base_url, settings.channel_id, secret, calls, clock)
        tokens = StatelessTokens(desk.issue, clock)
    return LineGateway(
        base_url=base_url,
        data_base_url=settings.line_data_base_url,
        tokens=tokens,
        calls=calls,
        clock=clock,
        desk=desk,
        pictures_at=picture_addresses.place(settings),
        # Whoever sets a higher rate than LINE's keeps none.
        push_patience=PUSH_PATIENCE if settings.push_rate <= PUSHES_ALLOWED else None,
    )


def _post(path: str, body: dict[str, Any], retry_key: str | None = None) -> Request:
    return Request("POST", path, path, body, retry_key)


def _push(push: Push) -> Request:
    """Put the text that was written down into a request, to the byte."""
    path = "/v2/bot/message/push"
    body = f'{{"to":{json.dumps(push.to)},"messages":{push.text}}}'.encode("utf-8", "replace")
    return Request("POST", path, path, body, str(push.retry_key))


def _multicast(request: ToMany) -> Request:
    if not 1 <= len(request.to) <= MULTICAST_MOST:
        error = f"a multicast goes to 1–{MULTICAST_MOST} ids, not {len(request.to)}"
        raise ValueError(error)
    body = {"to": list(request.to), "messages": list(request.messages)}
    return _post("/v2/bot/message/multicast", body, retry_key=str(request.retry_key))


def _reply(reply_token: str, messages: Sequence[MessageObject]) -> Request:
    return _post("/v2/bot/message/reply", {"replyToken": reply_token, "messages": list(messages)})


def _profile(reply: Reply) -> Profile | GatewayError:
    if isinstance(reply.verdict, GatewayError):
        return reply.verdict
    try:
        found = dict[str, Any](json.loads(reply.body))
        return Profile(
            display_name=str(found.pop("displayName")),
            picture_url=found.pop("pictureUrl", None),
            language=found.pop("language", None),
            extra=found,
        )
    except (ValueError, TypeError, KeyError):
        return UncertainGatewayError("LINE sent no profile that could be read")

"""Asks LINE how long a channel access token is still good for."""

# pyright: reportMissingTypeStubs=false
# line-bot-sdk ships no type stubs and no py.typed: its objects are Any from here on.

from datetime import timedelta
from typing import Any

from linebot.v3.oauth import ApiClient, ChannelAccessToken, Configuration

from bot.line.calls import CallRecorder
from bot.line.sdk import configuration, recorded
from scheduler.gateway import RefusedByLine, TokenInvalid
from segments.clock import Clock

ENDLESS = timedelta(days=366)
"""A short-lived token or one of version 2.1 lives 30 days at most; of a long-lived one LINE says a hundred years."""
VERIFY, VERIFY_JWT = "/v2/oauth/verify", "/oauth2/v2.1/verify"


class TokenVerifier:
    """Asks LINE about a token; short-lived, long-lived and 2.1 tokens have two different desks."""

    def __init__(self, base_url: str, calls: CallRecorder, clock: Clock) -> None:
        self._api: Any = ChannelAccessToken(ApiClient(configuration(base_url, Configuration)))
        self._calls, self._clock = calls, clock

    def ends_in(self, token: str) -> timedelta | None:
        """Return how long a token is still good for; None without an end. Raises TokenInvalid and other GatewayErrors."""
        try:
            found = self._asked(VERIFY, self._api.verify_channel_token_with_http_info, token)
        except RefusedByLine:
            try:
                found = self._asked(VERIFY_JWT, self._api.verify_channel_token_by_jwt_with_http_info, token)
            except RefusedByLine as refused:
                raise TokenInvalid(str(refused), status=refused.status) from refused
        left = timedelta(seconds=min(int(found.expires_in), ENDLESS // timedelta(seconds=1)))
        return left if left < ENDLESS else None

    def _asked(self, endpoint: str, method: Any, token: str) -> Any:
        return recorded(self._calls, self._clock, endpoint, method, token)

    def close(self) -> None:
        """Close the kept connections."""
        self._api.api_client.rest_client.pool_manager.clear()

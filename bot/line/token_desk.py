"""Where stateless channel access tokens are drawn."""

# pyright: reportMissingTypeStubs=false
# line-bot-sdk ships no type stubs and no py.typed: its objects are Any from here on.

from datetime import timedelta
from typing import Any

from linebot.v3.oauth import ApiClient, ChannelAccessToken, Configuration

from bot.line.calls import CallRecorder
from bot.line.sdk import configuration, recorded
from bot.line.tokens import Issued
from scheduler.gateway import GatewayError, NotTaken, RefusedByLine, TemporaryGatewayError, TokenInvalid
from segments.clock import Clock


class TokenDesk:
    """Where stateless tokens are drawn with the channel's id and secret."""

    def __init__(
        self, base_url: str, channel_id: str, channel_secret: str, calls: CallRecorder, clock: Clock
    ) -> None:
        self._api: Any = ChannelAccessToken(ApiClient(configuration(base_url, Configuration)))
        self._credentials = (channel_id, channel_secret)
        self._calls = calls
        self._clock = clock

    def issue(self) -> Issued:
        """Draw one token.

        Raises TokenInvalid when LINE does not know the id or the secret, else NotTaken: whatever went wrong here, the
        request that a token was wanted for has not left.
        """
        draw = self._api.issue_stateless_channel_token_with_http_info_by_client_secret
        try:
            drawn = recorded(self._calls, self._clock, "/oauth2/v3/token", draw, *self._credentials)
        except RefusedByLine as refused:
            raise TokenInvalid(
                str(refused), status=refused.status, request_id=refused.request_id
            ) from refused
        except TokenInvalid:
            raise
        except GatewayError as failure:
            wait = failure.retry_after if isinstance(failure, TemporaryGatewayError) else None
            # Without the status, which would be taken for LINE's answer to that request.
            raise NotTaken(str(failure), retry_after=wait) from failure
        return Issued(drawn.access_token, timedelta(seconds=drawn.expires_in))

    def close(self) -> None:
        """Close the kept connections."""
        self._api.api_client.rest_client.pool_manager.clear()

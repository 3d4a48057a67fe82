"""Channel access tokens: which are good, how new ones are issued and revoked."""

import hmac

from bot.simulator import ids
from bot.simulator.errors import BAD_TOKEN, LineError, OAuthError
from bot.simulator.platform import Platform

STATELESS_SECONDS = 15 * 60
SHORT_LIVED_SECONDS = 30 * 24 * 3600
_LONG_LIVED_SECONDS = 3_138_007_490  # what LINE answers for a token that does not expire


def check_bearer(platform: Platform, header: str) -> None:
    """Raise LineError 401 unless the Authorization header carries a good token."""
    kind, _, token = header.partition(" ")
    if kind != "Bearer" or seconds_left(platform, token) <= 0:
        raise LineError(401, BAD_TOKEN)


def seconds_left(platform: Platform, token: str) -> int:
    """How long the token is good for, 0 when it is not."""
    row = platform.state.row("SELECT expires_at FROM access_tokens WHERE token = ?", (token,))
    if row is not None:
        return max(0, (row["expires_at"] - platform.clock.now_ms()) // 1000)
    return _LONG_LIVED_SECONDS if token in platform.config.channel_access_tokens else 0


def issue(platform: Platform, kind: str, seconds: int) -> str:
    """A new token, good for `seconds`."""
    token = ids.token(172)
    expires_at = platform.clock.now_ms() + seconds * 1000
    platform.state.write("INSERT INTO access_tokens VALUES (?, ?, ?)", (token, kind, expires_at))
    return token


def revoke(platform: Platform, token: str) -> None:
    """End a token at once, the one from the config too."""
    platform.state.write("INSERT OR REPLACE INTO access_tokens VALUES (?, 'revoked', 0)", (token,))


def check_client(platform: Platform, client_id: str, secret: str) -> None:
    """Raise OAuthError unless id and secret are the channel's."""
    known = hmac.compare_digest(secret.encode(), platform.channel.secret.encode())
    if client_id != platform.config.channel_id or not known:
        raise OAuthError("invalid_client", "invalid client_id or client_secret")

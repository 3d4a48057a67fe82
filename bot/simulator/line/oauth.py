"""Issuing, verifying and revoking channel access tokens."""

from flask import Blueprint, Response, request

from bot.simulator import access, ids
from bot.simulator.answers import answer
from bot.simulator.errors import OAuthError
from bot.simulator.platform import platform

bp = Blueprint("oauth", __name__)


@bp.post("/oauth2/v3/token", endpoint="token_stateless")
def stateless() -> Response:
    """A token for 15 minutes that cannot be revoked."""
    return _issued("stateless", access.STATELESS_SECONDS, access.STATELESS_SECONDS - 1)


@bp.post("/v2/oauth/accessToken", endpoint="token_short")
def short_lived() -> Response:
    """A token for 30 days."""
    return _issued("short", access.SHORT_LIVED_SECONDS, access.SHORT_LIVED_SECONDS, key_id=ids.token(22))


def _issued(kind: str, seconds: int, shown: int, **extra: str) -> Response:
    if request.form.get("grant_type") != "client_credentials":
        raise OAuthError("unsupported_grant_type", "unsupported grant_type")
    if "client_id" not in request.form or "client_secret" not in request.form:
        raise OAuthError("invalid_request", "some parameters missed or invalid")
    access.check_client(platform(), request.form["client_id"], request.form["client_secret"])
    token = access.issue(platform(), kind, seconds)
    return answer({"access_token": token, "expires_in": shown, "token_type": "Bearer", **extra})


@bp.post("/v2/oauth/verify", endpoint="token_verify")
def verify() -> Response:
    """How long a token is good for."""
    return _verified(request.form.get("access_token", ""))


@bp.get("/oauth2/v2.1/verify", endpoint="token_verify_v21")
def verify_v21() -> Response:
    """How long a token is good for, asked with a query."""
    return _verified(request.args.get("access_token", ""))


def _verified(token: str) -> Response:
    seconds = access.seconds_left(platform(), token)
    if seconds <= 0:
        raise OAuthError("invalid_request", "access token expired or revoked")
    return answer({"client_id": platform().config.channel_id, "expires_in": seconds, "scope": "P CM"})


@bp.post("/v2/oauth/revoke", endpoint="token_revoke")
def revoke() -> Response:
    """End a token."""
    access.revoke(platform(), request.form.get("access_token", ""))
    return Response(status=200)


@bp.post("/oauth2/v2.1/revoke", endpoint="token_revoke_v21")
def revoke_v21() -> Response:
    """End a token, with the channel's credentials."""
    form = request.form
    access.check_client(platform(), form.get("client_id", ""), form.get("client_secret", ""))
    access.revoke(platform(), form.get("access_token", ""))
    return Response(status=200)

"""Channel access tokens: issued, verified, revoked."""

import pytest

from tests.bot.simulator.conftest import SECRET, TOKEN, Answer, Wire

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CLIENT = f"client_id=2000000001&client_secret={SECRET}"


def form(wire: Wire, path: str, fields: str) -> Answer:
    return wire.call("POST", path, fields.encode(), FORM)


def test_the_long_lived_token_is_good(wire: Wire) -> None:
    verified = form(wire, "/v2/oauth/verify", f"access_token={TOKEN}")
    assert verified.body["client_id"] == "2000000001"


def test_a_short_lived_token_ends_when_it_is_revoked(wire: Wire) -> None:
    issued = form(wire, "/v2/oauth/accessToken", f"grant_type=client_credentials&{CLIENT}").body
    bearer = {"Authorization": f"Bearer {issued['access_token']}"}
    assert issued["expires_in"] == 30 * 24 * 3600
    assert wire.call("GET", "/v2/bot/info", headers=bearer).status == 200
    assert form(wire, "/v2/oauth/revoke", f"access_token={issued['access_token']}").status == 200
    assert wire.call("GET", "/v2/bot/info", headers=bearer).status == 401
    assert (
        form(wire, "/v2/oauth/verify", f"access_token={issued['access_token']}").body["error"]
        == "invalid_request"
    )


@pytest.mark.parametrize(
    "fields",
    ["", "grant_type=client_credentials", "grant_type=client_credentials&client_id=1&client_secret=2"],
)
def test_a_request_without_the_channels_credentials_is_refused(wire: Wire, fields: str) -> None:
    assert form(wire, "/oauth2/v3/token", fields).status == 400

"""Linking accounts: a token of ten minutes, good once, told by an event."""

# line-bot-sdk ships without types for its calls.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportGeneralTypeIssues=false

from linebot.v3.webhook import WebhookParser
from linebot.v3.webhooks import AccountLinkEvent

from tests.bot.simulator.conftest import SECRET, Bot, Wire
from tests.fakes.simulator import SimulatorClient


def test_account_link_events_parse(sim: SimulatorClient, bot: Bot, wire: Wire) -> None:
    friend = sim.add_friend()
    token = wire.call("POST", f"/v2/bot/user/{friend}/linkToken").body["linkToken"]
    wire.call("GET", f"/dialog/bot/accountLink?linkToken={token}&nonce=nonce-nonce-1")
    sim.flush()
    [event] = WebhookParser(SECRET).parse(bot.bodies[0].decode(), bot.signatures[0])
    assert isinstance(event, AccountLinkEvent)
    assert (event.link.result, event.link.nonce) == ("ok", "nonce-nonce-1")


def test_an_old_link_token_links_nothing(sim: SimulatorClient, bot: Bot, wire: Wire) -> None:
    friend = sim.add_friend()
    token = wire.call("POST", f"/v2/bot/user/{friend}/linkToken").body["linkToken"]
    sim.clock(advance_seconds=601)
    assert wire.call("GET", f"/dialog/bot/accountLink?linkToken={token}&nonce=nonce-nonce-1").status == 400
    sim.flush()
    assert bot.events == []


def test_a_link_token_links_once(sim: SimulatorClient, bot: Bot, wire: Wire) -> None:
    friend = sim.add_friend()
    token = wire.call("POST", f"/v2/bot/user/{friend}/linkToken").body["linkToken"]
    for _ in range(2):
        wire.call("GET", f"/dialog/bot/accountLink?linkToken={token}&nonce=nonce-nonce-1")
    sim.flush()
    assert len(bot.events) == 1

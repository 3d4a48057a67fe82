"""`kokyaku check` says in words what is wrong with the connection and what to do."""

from bot.line.check import Finding, check
from bot.line.ports import WebhookEndpoint
from scheduler.gateway import TemporaryGatewayError, TokenInvalid
from segments.db import Database
from tests.bot.line.support import Chat, a_line_id, services_of
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway

URL = "https://shop.example/webhook"


def found(database: Database, gateway: FakeGateway, **environment: str) -> dict[str, Finding]:
    findings = check(services_of(database, FakeClock(), gateway, **environment))
    return {finding.subject: finding for finding in findings}


def connected() -> FakeGateway:
    gateway = FakeGateway(quota=200)
    gateway.webhook = WebhookEndpoint(URL, active=True)
    return gateway


def test_a_good_connection_is_all_right(sqlite: Database, clock: FakeClock):
    Chat(sqlite, clock).follow(a_line_id())
    findings = found(sqlite, connected())
    assert all(finding.ok for finding in findings.values())
    assert "2026年11月21日 14:30" in findings["secret"].words("ja")
    assert "@fake" in findings["token"].words("en")


def test_a_secret_that_no_webhook_has_proved_is_said_to_be_unproved(sqlite: Database):
    finding = found(sqlite, connected())["secret"]
    assert finding.ok
    assert "確認できません" in finding.words("ja")


def test_a_dead_token_is_named_and_stops_no_other_check(sqlite: Database):
    gateway = connected()
    gateway.fail("info", TokenInvalid("no", status=401))
    findings = found(sqlite, gateway)
    assert not findings["token"].ok
    assert "LINE_CHANNEL_ACCESS_TOKEN" in findings["token"].words("ja")
    assert findings["quota"].ok


def test_a_webhook_that_is_missing_off_or_unreachable_is_told_apart(sqlite: Database):
    gateway = connected()
    gateway.webhook = None
    assert "設定されていません" in found(sqlite, gateway)["webhook"].words("ja")
    gateway.webhook = WebhookEndpoint(URL, active=False)
    assert "switched off" in found(sqlite, gateway)["webhook"].words("en")
    gateway.webhook, gateway.webhook_works = WebhookEndpoint(URL, active=True), False
    assert "届きません" in found(sqlite, gateway)["webhook"].words("ja")


def test_a_missing_secret_and_a_spent_quota_are_wrong(sqlite: Database):
    gateway = connected()
    gateway.used = 200
    findings = found(sqlite, gateway, LINE_CHANNEL_SECRET="")
    assert not findings["secret"].ok
    assert not findings["quota"].ok


def test_line_being_away_is_not_a_wrong_token(sqlite: Database):
    gateway = connected()
    gateway.fail("info", TemporaryGatewayError("refused"))
    assert "ネットワーク" in found(sqlite, gateway)["token"].words("ja")

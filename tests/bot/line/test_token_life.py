"""The end of a channel access token is asked for once a day and kept."""

from datetime import datetime, timedelta

import pytest

from bot.line import token_life
from bot.services import Services
from scheduler.gateway import TemporaryGatewayError, TokenInvalid
from segments.db import Database
from tests.bot.line.support import services_of
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway

MONTH = timedelta(days=30)


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
def services(sqlite: Database, clock: FakeClock, gateway: FakeGateway) -> Services:
    return services_of(sqlite, clock, gateway)


def ends(services: Services) -> datetime | None:
    with services.database.reading() as session:
        return token_life.ends_at(session)


def asked(gateway: FakeGateway) -> int:
    return sum(endpoint == "token" for endpoint, _given in gateway.calls)


def test_a_token_without_an_end_is_nothing_to_tell_of(services: Services):
    assert ends(services) is None
    token_life.look(services)
    assert ends(services) is None


def test_the_end_is_asked_for_once_a_day(services: Services, gateway: FakeGateway, clock: FakeClock):
    gateway.token_life, begun = MONTH, clock.now()
    for _ in range(3):
        token_life.look(services)
    assert (ends(services), asked(gateway)) == (begun + MONTH, 1)
    clock.advance(timedelta(days=1))
    gateway.token_life = MONTH - timedelta(days=1)
    token_life.look(services)
    assert (ends(services), asked(gateway)) == (begun + MONTH, 2)


def test_another_token_is_asked_about_at_once(
    services: Services, sqlite: Database, gateway: FakeGateway, clock: FakeClock
):
    gateway.token_life = MONTH
    token_life.look(services)
    gateway.token_life = None
    token_life.look(services_of(sqlite, clock, gateway, LINE_CHANNEL_ACCESS_TOKEN="another"))
    assert (ends(services), asked(gateway)) == (None, 2)


def test_a_token_that_ended_keeps_its_end_and_a_busy_line_is_asked_again(
    services: Services, gateway: FakeGateway, clock: FakeClock
):
    gateway.token_life = MONTH
    token_life.look(services)
    known = ends(services)
    clock.advance(MONTH)
    gateway.fail("token", TemporaryGatewayError("busy"))
    gateway.fail("token", TokenInvalid("ended", status=400))
    token_life.look(services)
    token_life.look(services)
    assert (ends(services), asked(gateway)) == (known, 3)

"""A token that could not be drawn: the message it was wanted for has certainly not left."""

from contextlib import closing

import pytest

from bot.line.gateway import LineGateway, open_gateway
from bot.settings import Settings
from bot.simulator.config import SimulatorConfig
from bot.simulator.server import RunningSimulator
from scheduler.gateway import NotTaken, TokenInvalid
from segments.db import Database
from tests.bot.line.test_gateway import a_push, a_server_that_hangs_up
from tests.fakes.clock import FakeClock
from tests.fakes.simulator import SimulatorClient


@pytest.fixture
def database(sqlite: Database) -> Database:
    return sqlite


def stateless(url: str, database: Database, clock: FakeClock) -> LineGateway:
    config = SimulatorConfig()
    given = {
        "LINE_API_BASE_URL": url,
        "LINE_CHANNEL_ID": config.channel_id,
        "LINE_CHANNEL_SECRET": config.channel_secret,
    }
    return open_gateway(Settings.model_validate(given), database, clock)


def test_trouble_of_the_token_endpoint_is_not_an_answer_to_the_message(
    simulator: RunningSimulator, database: Database, clock: FakeClock, line: SimulatorClient
) -> None:
    line.faults(error_500=1.0)
    with closing(stateless(simulator.url, database, clock)) as gateway:
        [answer] = gateway.push_many([a_push(line.add_friend())])
        assert isinstance(answer, NotTaken)
        assert answer.status is None
        assert "push" not in line.counts()["requests"]
        with pytest.raises(NotTaken):
            gateway.bot_info()


def test_a_lost_answer_of_the_token_endpoint_leaves_nothing_uncertain(
    database: Database, clock: FakeClock
) -> None:
    with a_server_that_hangs_up() as url, closing(stateless(url, database, clock)) as gateway:
        assert isinstance(gateway.push_many([a_push("U1")])[0], NotTaken)


def test_a_channel_that_line_does_not_know_is_told_as_such(
    simulator: RunningSimulator, database: Database, clock: FakeClock
) -> None:
    given = {"LINE_API_BASE_URL": simulator.url, "LINE_CHANNEL_ID": "1", "LINE_CHANNEL_SECRET": "wrong"}
    with closing(open_gateway(Settings.model_validate(given), database, clock)) as gateway:
        assert isinstance(gateway.push_many([a_push("U1")])[0], TokenInvalid)

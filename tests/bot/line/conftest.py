"""Fixtures of the LINE tests: a simulator over HTTP and a gateway that speaks to it."""

from collections.abc import Generator

import pytest

from bot.line.calls import CallRecorder
from bot.line.gateway import LineGateway
from bot.line.tokens import LongLivedToken
from bot.simulator.config import SimulatorConfig
from bot.simulator.server import RunningSimulator, start
from segments.db import Database
from tests.fakes.clock import FakeClock
from tests.fakes.simulator import SimulatorClient

CONFIG = SimulatorConfig()


@pytest.fixture
def simulator() -> Generator[RunningSimulator]:
    """Return a running simulator."""
    with start(CONFIG) as running:
        yield running


@pytest.fixture
def line(simulator: RunningSimulator) -> SimulatorClient:
    """Return the simulator's controls."""
    return SimulatorClient(simulator.url)


@pytest.fixture
def recorder(sqlite: Database) -> CallRecorder:
    """Return what keeps request ids."""
    return CallRecorder(sqlite)


@pytest.fixture
def gateway(simulator: RunningSimulator, recorder: CallRecorder, clock: FakeClock) -> Generator[LineGateway]:
    """Return a gateway with the channel's long-lived token."""
    made = LineGateway(
        base_url=simulator.url,
        data_base_url=simulator.url,
        tokens=LongLivedToken(CONFIG.channel_access_tokens[0]),
        calls=recorder,
        clock=clock,
    )
    yield made
    made.close()

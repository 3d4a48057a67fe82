"""Fixtures of the web surfaces: services with fakes at the edges, the app, operators who are logged in."""

from collections.abc import Generator
from pathlib import Path

import pytest
from flask import Flask
from pydantic import SecretStr

from bot.services import Services
from bot.settings import Settings
from segments.db import Database
from tests.bot.apps import Lender
from tests.bot.browsing import Visitor
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue


def services_over(database: Database, clock: FakeClock, folder: Path) -> Services:
    """Wire services of a web process whose LINE, queue and clock are fakes."""
    given = {"KOKYAKU_SECRET_KEY": SecretStr("for tests only"), "KOKYAKU_DATA": folder}
    settings = Settings(_env_file=None, **given)  # pyright: ignore[reportCallIssue] — names of the environment
    return Services(settings, database, clock, FakeGateway(), FakeQueue())


@pytest.fixture
def services(sqlite: Database, clock: FakeClock, tmp_path: Path) -> Services:
    """Return services on SQLite."""
    return services_over(sqlite, clock, tmp_path)


@pytest.fixture(scope="session")
def lender() -> Lender:
    """Return what lends the web application to one test after another."""
    return Lender()


@pytest.fixture
def app(services: Services, lender: Lender) -> Generator[Flask]:
    """Return the whole web application."""
    with lender.lend(services) as lent:
        lent.config["TESTING"] = True
        # Errors become pages, as they do for an operator.
        lent.config["PROPAGATE_EXCEPTIONS"] = False
        yield lent


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Return somebody with a browser who is not logged in."""
    return Visitor(app)

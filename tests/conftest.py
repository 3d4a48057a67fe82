"""Fixtures of all tests: both databases, a clock that stands still."""

from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from segments.db import Database
from tests.databases import PostgresServer, sqlite_copy, sqlite_template
from tests.fakes.clock import FakeClock


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SQLite file with every table, to be copied."""
    return sqlite_template(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres() -> Generator[PostgresServer]:
    """Return a running PostgreSQL server."""
    # Not under pytest's own folder: it closes that to other users, and root's server runs as another one.
    with TemporaryDirectory(prefix="kokyaku-postgres-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder))
        yield server
        server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Database]:
    """Return an empty database with every table; a test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        with sqlite_copy(request.getfixturevalue("sqlite_file"), tmp_path) as made:
            yield made
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.copy() as made:
        yield made


@pytest.fixture
def sqlite(sqlite_file: Path, tmp_path: Path) -> Generator[Database]:
    """Return an SQLite database, for tests that are not about the database."""
    with sqlite_copy(sqlite_file, tmp_path) as made:
        yield made


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that stands at 2026年11月21日（土） 14:30 in Tokyo."""
    return FakeClock()

"""Fixtures of the import tests."""

from pathlib import Path

import pytest

from segments.db import Database
from tests.fakes.clock import FakeClock
from tests.segments.imports.files import Desk


@pytest.fixture
def desk(database: Database, tmp_path: Path, clock: FakeClock) -> Desk:
    """Return a desk on both kinds of database, one after the other."""
    return Desk(database, tmp_path, clock)


@pytest.fixture
def sqlite_desk(sqlite: Database, tmp_path: Path, clock: FakeClock) -> Desk:
    """Return a desk for tests that are not about the database."""
    return Desk(sqlite, tmp_path, clock)

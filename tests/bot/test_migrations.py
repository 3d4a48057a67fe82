"""The migrations: up, the same as the models, down to nothing, up again."""

from collections.abc import Generator
from pathlib import Path

import pytest
from sqlalchemy import inspect

from bot import migrations
from scheduler import engine
from segments.db import Base, Database
from tests.databases import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Database]:
    """Return a database without any table."""
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path / 'empty.sqlite'}")
        yield made
        made.dispose()
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.copy(empty=True) as made:
        yield made


def test_the_migrations_make_what_the_models_say_and_can_be_undone(empty: Database) -> None:
    migrations.upgrade(empty)
    migrations.check(empty)
    migrations.downgrade(empty, "base")
    assert set(inspect(empty.engine).get_table_names()) == {"alembic_version"}
    migrations.upgrade(empty)
    migrations.check(empty)


def test_upgrading_again_changes_nothing_and_leaves_the_job_engines_tables_alone(empty: Database) -> None:
    migrations.upgrade(empty)
    engine.migrate(empty)
    migrations.upgrade(empty)
    engine.migrate(empty)
    migrations.check(empty)
    assert set(Base.metadata.tables) <= set(inspect(empty.engine).get_table_names())

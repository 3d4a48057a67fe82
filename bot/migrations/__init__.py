"""Alembic migrations of our own tables; the job engine looks after its own."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from segments.db import Database


def config_for(database: Database) -> Config:
    """Return Alembic's configuration for `database`; there is no alembic.ini to go astray."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["database"] = database
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the tables to `revision`; running it again changes nothing."""
    command.upgrade(config_for(database), revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the tables back to `revision`."""
    command.downgrade(config_for(database), revision)


def check(database: Database) -> None:
    """Raise when the tables differ from the models."""
    command.check(config_for(database))

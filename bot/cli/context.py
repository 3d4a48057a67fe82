"""What every command is handed: settings at once, services when it asks for them."""

from functools import cached_property

import click

from bot.services import Services
from bot.settings import Settings
from bot.wiring import build_services, migrate, open_database, wait_for
from segments.db import Database


class Program:
    """The settings of this run, and the services made from them on first use."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def database(self) -> Database:
        """The database, awake and at this program's version."""
        database = open_database(self.settings)
        wait_for(
            database,
            lambda problem: click.echo(
                self.words(
                    f"データベースの応答を待っています: {problem}", f"Waiting for the database: {problem}"
                ),
                err=True,
            ),
        )
        migrate(database)
        return database

    @cached_property
    def services(self) -> Services:
        """The services of this process."""
        return build_services(self.settings, self.database)

    def words(self, japanese: str, english: str) -> str:
        """Return the one the operator reads."""
        return english if self.settings.language == "en" else japanese

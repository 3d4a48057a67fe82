"""What every command is handed: settings at once, services when it asks for them."""

from functools import cached_property
from threading import Event
from typing import Any

import click

from bot.services import Services
from bot.settings import Settings
from bot.wiring import build_services, migrate, open_database, wait_for
from segments.db import Database

LARGEST = 2**63 - 1


class Number(click.ParamType[int]):
    """The number of a row."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number; one that no row can have is refused before a database stumbles over it."""
        number = int(value) if str(value).isdecimal() else 0
        if not 0 < number <= LARGEST:
            english = ctx is not None and isinstance(ctx.obj, Program) and ctx.obj.settings.language == "en"
            self.fail(f"{value}: no such number" if english else f"{value}: 番号ではありません", param, ctx)
        return number


NUMBER = Number()


class Program:
    """The settings of this run, and the services made from them on first use."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stop = Event()
        """Set when a long-running command is told to stop."""

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
            self.stop,
        )
        if self.stop.is_set():
            raise click.exceptions.Exit
        migrate(database)
        return database

    @cached_property
    def services(self) -> Services:
        """The services of this process."""
        return build_services(self.settings, self.database)

    def close(self) -> None:
        """Let go of what was opened."""
        services, database = self.__dict__.pop("services", None), self.__dict__.pop("database", None)
        if isinstance(services, Services):
            services.close()
        elif isinstance(database, Database):
            database.dispose()

    def words(self, japanese: str, english: str) -> str:
        """Return the one the operator reads."""
        return english if self.settings.language == "en" else japanese

"""A database that PostgreSQL's own tools put back sends nothing before somebody has looked."""

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot import restored
from scheduler import kill_switch
from segments.db import Database
from tests.bot.cli.terminal import Terminal
from tests.databases import PostgresServer


def address(database: Database, name: str | None = None) -> str:
    url = database.url.set(drivername="postgresql", database=name or database.url.database)
    return url.render_as_string(hide_password=False)


class Shop:
    """A shop on PostgreSQL, and what its operator does with PostgreSQL's own tools."""

    def __init__(self, server: PostgresServer, database: Database, folder: Path) -> None:
        self.server, self.database = server, database
        self.terminal = Terminal(database, folder)
        self.dump = folder / "shop.dump"

    def start_a_program(self) -> None:
        """Any command opens the database as a worker does."""
        assert self.terminal.run("db", "upgrade").exit_code == 0

    def copy(self) -> None:
        self.tool("pg_dump", "--format=custom", f"--file={self.dump}", address(self.database))

    def put_back(self, *options: str) -> None:
        self.database.dispose()
        target = f"--dbname={address(self.database)}"
        self.tool("pg_restore", "--no-owner", "--exit-on-error", *options, target, str(self.dump))

    def set_aside(self) -> str:
        """As the manual says: the name is free for the copy, what stood there is kept."""
        self.database.dispose()
        name = self.database.url.database
        made = (f"ALTER DATABASE {name} RENAME TO {name}_before", f"CREATE DATABASE {name}")
        self.sql(*made)
        return f"{name}_before"

    def sql(self, *commands: str) -> None:
        given = [f"--command={command}" for command in commands]
        self.tool("psql", "--set=ON_ERROR_STOP=1", *given, f"--dbname={address(self.database, 'postgres')}")

    def tool(self, name: str, *arguments: str) -> None:
        command = [self.server.tool(name), *arguments]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 — tools of our own server

    def turns(self) -> list[tuple[bool, str]]:
        with self.database.reading() as session:
            return [(turn.stopped, turn.by) for turn in kill_switch.turns(session)]


@pytest.fixture
def shop(postgres: PostgresServer, tmp_path: Path) -> Generator[Shop]:
    with postgres.copy(durable=True) as database:
        made = Shop(postgres, database, tmp_path)
        made.start_a_program()
        yield made


@contextmanager
def put_back(shop: Shop) -> Generator[None]:
    """Put the copy back under the same name, as with compose."""
    shop.copy()
    before = shop.set_aside()
    try:
        shop.put_back()
        yield
    finally:
        shop.sql(f"DROP DATABASE {before} WITH (FORCE)")


def test_the_first_program_on_a_restored_database_stops_all_sending(shop: Shop) -> None:
    with put_back(shop):
        assert shop.turns() == []
        told = shop.terminal.run("stops")
        assert "停止  restore" in told.output
        assert shop.turns() == [(True, "restore")]


def test_what_was_started_again_after_a_restore_goes_on(shop: Shop) -> None:
    with put_back(shop):
        shop.start_a_program()
        assert shop.terminal.run("start").exit_code == 0
        shop.start_a_program()
        assert shop.turns() == [(False, "cli"), (True, "restore")]


def test_a_copy_of_a_stopped_shop_is_stopped_as_it_was(shop: Shop) -> None:
    assert shop.terminal.run("stop").exit_code == 0
    with put_back(shop):
        shop.start_a_program()
        assert shop.turns() == [(True, "cli")]


def test_a_restore_over_the_tables_that_are_there_is_noticed_too(shop: Shop) -> None:
    shop.copy()
    shop.put_back("--clean", "--if-exists")
    shop.start_a_program()
    assert shop.turns() == [(True, "restore")]


def test_a_program_that_starts_again_on_its_own_database_stops_nothing(shop: Shop) -> None:
    shop.start_a_program()
    assert shop.turns() == []


def test_without_the_right_to_ask_for_the_servers_number_the_other_numbers_do(shop: Shop) -> None:
    with shop.database.engine.connect() as connection, Session(connection) as session:
        whole = restored.identity(session)
        for command in (
            "CREATE ROLE kokyaku_plain",
            "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC",
            "SET LOCAL ROLE kokyaku_plain",
        ):
            session.execute(text(command))
        assert restored.identity(session) == "/" + whole.partition("/")[2]
        session.rollback()
    assert whole.partition("/")[0].isdecimal()

"""`kokyaku db`: the tables, copies of them, and a copy put back."""

from pathlib import Path

import click

from bot import backups
from bot.cli.context import Program
from bot.wiring import migrate, open_database
from segments.clock import SystemClock
from segments.db import Database

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@click.pass_obj
def upgrade(program: Program) -> None:
    """Bring the tables to this program's version."""
    _ = program.database
    click.echo(program.words("データベースは最新です。", "The database is up to date."))


@db.command()
@click.argument("file", type=FILE)
@click.pass_obj
def backup(program: Program, file: Path) -> None:
    """Copy the whole database to a new FILE, while everything goes on running. SQLite only."""
    _only_sqlite(program, program.database, "pg_dump --format=custom --file=FILE …")
    size = backups.copy(program.database, file)
    click.echo(
        program.words(
            f"{file} に保存しました（{size / 1e6:,.1f} MB）。",
            f"Saved to {file} ({size / 1e6:,.1f} MB).",
        )
    )


@db.command()
@click.argument("file", type=FILE)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def restore(program: Program, file: Path, yes: bool) -> None:
    """Put a copy made by `backup` in the database's place; nothing is sent until `kokyaku start`. SQLite only."""
    database = open_database(program.settings)
    _only_sqlite(program, database, "createdb NEW && pg_restore --no-owner --exit-on-error --dbname=NEW FILE")
    if not yes:
        click.confirm(
            program.words(
                "今のデータベースを、このコピーで置き換えます。よろしいですか？",
                "This copy takes the place of the present database. Go on?",
            ),
            abort=True,
        )
    aside = backups.put_back(file, database, SystemClock().now())
    migrate(database)
    database.dispose()
    if aside is not None:
        click.echo(
            program.words(
                f"これまでのデータベースは {aside} に残してあります。", f"What stood there is now {aside}."
            )
        )
    click.echo(
        program.words(
            "復元しました。配信はすべて止めてあります。内容を確かめてから kokyaku start で再開してください。",
            "Restored. All sending is stopped; look at it first, then kokyaku start lets it go on.",
        )
    )


def _only_sqlite(program: Program, database: Database, instead: str) -> None:
    if not database.is_sqlite:
        raise click.ClickException(
            program.words(
                f"PostgreSQLでは {instead} をお使いください（docs/operations.md）。",
                f"With PostgreSQL use {instead} (docs/operations.md).",
            )
        )

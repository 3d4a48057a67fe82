"""`kokyaku db`: the tables."""

import click

from bot.cli.context import Program


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@click.pass_obj
def upgrade(program: Program) -> None:
    """Bring the tables to this program's version."""
    _ = program.database
    click.echo(program.words("データベースは最新です。", "The database is up to date."))

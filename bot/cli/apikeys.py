"""`kokyaku apikey`: keys for the shop's other systems."""

import click

from bot import api_keys, operators
from bot.cli.context import NUMBER, Program


@click.group()
def apikey() -> None:
    """Make, list and revoke keys of the API."""


@apikey.command("add")
@click.argument("name")
@click.pass_obj
def add(program: Program, name: str) -> None:
    """Make a key and print it, this once."""
    services = program.services
    with services.database.begin() as session:
        key = api_keys.add(session, name, services.clock.now())
        operators.note(session, "command line", "api_key_added", name[:128], services.clock.now())
    click.echo(key)
    advice = program.words(
        "このキーは二度と表示できません。安全な場所に保管してください。",
        "The key cannot be shown again: keep it in a safe place.",
    )
    click.echo(advice, err=True)


@apikey.command("list")
@click.pass_obj
def list_(program: Program) -> None:
    """List the keys by number and name."""
    with program.services.database.reading() as session:
        for each in api_keys.everyone(session):
            state = program.words("無効", "revoked") if each.revoked_at else program.words("有効", "valid")
            click.echo(f"{each.id}\t{each.name}\t{state}")


@apikey.command("revoke")
@click.argument("number", type=NUMBER)
@click.pass_obj
def revoke(program: Program, number: int) -> None:
    """Stop taking a key."""
    services = program.services
    with services.database.begin() as session:
        api_keys.revoke(session, number, services.clock.now())
        operators.note(session, "command line", "api_key_revoked", str(number), services.clock.now())

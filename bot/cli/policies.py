"""`kokyaku policy`: the shop's own thresholds of the customer pyramid."""

import json

import click

from bot.cli.context import Program
from segments import policies
from segments.errors import Invalid
from segments.stages import StagePolicy

ACTOR = "cli"


@click.group()
def policy() -> None:
    """Show and change the thresholds of the customer stages."""


@policy.command()
@click.pass_obj
def show(program: Program) -> None:
    """Print the thresholds in force, as JSON."""
    with program.database.reading() as session:
        click.echo(json.dumps(policies.stage_policy(session).to_json(), indent=2))


@policy.command("set")
@click.argument("name")
@click.argument("value")
@click.pass_obj
def set_(program: Program, name: str, value: str) -> None:
    """Change one threshold (a number, or `none`); everybody concerned is looked at again within a minute."""
    with program.database.begin() as session:
        changed = policies.stage_policy(session).to_json() | {name: _number(name, value)}
        policies.save_stage_policy(
            session, StagePolicy.from_json(changed), ACTOR, program.services.clock.now()
        )
    click.echo(program.words("変更しました。", "Changed."))


def _number(name: str, value: str) -> int | None:
    if value.casefold() == "none":
        return None
    try:
        return int(value.replace(",", ""))
    except ValueError as error:
        raise Invalid("policy_invalid", field=name) from error

"""`kokyaku policy`: the shop's own thresholds of ladders and scores: shown, tried, changed, with their history."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from bot import formats, operators
from bot.cli import policy_changes, policy_trials, sending_policies
from bot.cli.context import Program
from bot.cli.sending_policies import SendingPolicy
from segments import point_policy, policies, rfm
from segments.rfm import RfmPolicy

ACTOR = "cli"
BY = "command line"
"""Who did it, in the audit log."""
SHOWN: dict[str, Callable[[Session], dict[str, Any]]] = {
    policies.STAGES: lambda session: policies.ladder_policies(session).stages.to_json(),
    policies.GROWTH: lambda session: policies.ladder_policies(session).growth.to_json(),
    policies.CLASSES: lambda session: policies.ladder_policies(session).classes.to_json(),
    rfm.POLICY: lambda session: rfm.load(session).to_json(),
    point_policy.NAME: lambda session: point_policy.in_force(session).to_json(),
    policies.CYCLE: lambda session: policies.cycle_params(session).to_json(),
    **{name: partial(sending_policies.shown, name) for name in sending_policies.KINDS},
}
NAME = click.argument("name", type=click.Choice(policy_changes.EDITABLE))
CHANGES = click.argument("changes", nargs=-1, required=True, metavar="FIELD=VALUE…")


@click.group()
def policy() -> None:
    """Show, try and change the shop's thresholds.

    Ladders: stages, growth, classes. Scores: rfm. Sending: contact, trust, control. The others are only shown here.
    """


@policy.command()
@click.argument("name", type=click.Choice(list(SHOWN)), required=False)
@click.pass_obj
def show(program: Program, name: str | None) -> None:
    """Print the thresholds in force, of one policy or of all, as JSON."""
    with program.database.reading() as session:
        rules = {each: load(session) for each, load in SHOWN.items() if name in (None, each)}
    click.echo(json.dumps(rules[name] if name else rules, indent=2, ensure_ascii=False))


@policy.command("try")
@NAME
@CHANGES
@click.pass_obj
def try_(program: Program, name: str, changes: tuple[str, ...]) -> None:
    """Say how many friends other thresholds would move, and from where to where; nothing is changed.

    Cuts of rfm are parted by commas: recency_days=30,60,120,240.
    """
    with program.database.reading() as session:
        policy_trials.tell(program, session, policy_changes.changed(session, name, changes))


@policy.command("set")
@NAME
@CHANGES
@click.pass_obj
def set_(program: Program, name: str, changes: tuple[str, ...]) -> None:
    """Change thresholds (numbers, or `none`); everybody concerned is looked at again within minutes.

    Scores of rfm hold at once; their cuts are parted by commas: recency_days=30,60,120,240.
    """
    now = program.services.clock.now()
    with program.database.begin() as session:
        changed = policy_changes.changed(session, name, changes)
        if isinstance(changed, RfmPolicy):
            rfm.save(session, changed, ACTOR, now)
        elif isinstance(changed, SendingPolicy):
            sending_policies.save(session, name, changed, ACTOR, now)
        else:
            policies.save_ladder_policy(session, changed, ACTOR, now)
        operators.note(session, BY, "policy_changed", name, now, changes=list(changes))
    click.echo(program.words("変更しました。", "Changed."))


@policy.command()
@click.argument("name", type=click.Choice(list(SHOWN)))
@click.pass_obj
def history(program: Program, name: str) -> None:
    """List the versions of a policy, the newest first: when, by whom, what changed."""
    language, zone = program.settings.language, program.settings.zone
    table = Table(
        program.words("日時", "When"), program.words("変更した人", "By"), program.words("変更", "Changes")
    )
    with program.database.reading() as session:
        versions = policies.versions(session, name)
    data = [each.data for each in versions] + [policy_changes.unchanged(name)]
    for version, before in zip(versions, data[1:], strict=True):
        when = formats.moment(version.created_at, zone, language)
        table.add_row(when, version.created_by, _differences(before, version.data))
    if versions:
        Console(markup=False, highlight=False).print(table)
    else:
        click.echo(program.words("変更されたことはありません。", "Never changed."))


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    changed = (name for name in after if before.get(name) != after[name])
    return "\n".join(f"{name}: {_said(before.get(name))} → {_said(after[name])}" for name in changed) or "–"


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, cast("list[int]", value)))
    return "none" if value is None else str(value)

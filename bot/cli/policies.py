"""`kokyaku policy`: the shop's own thresholds of the ladders: shown, tried, changed, with their history."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from bot import formats, operators
from bot.cli.context import Program
from segments import point_policy, policies, policy_trial, rfm
from segments.errors import Invalid
from segments.ladder_words import ladder_name, rung_name
from segments.policies import LADDER_KINDS, AnyLadderPolicy
from segments.policy_trial import Trial

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
}
NAME = click.argument("name", type=click.Choice(list(LADDER_KINDS)))
CHANGES = click.argument("changes", nargs=-1, required=True, metavar="FIELD=VALUE…")


@click.group()
def policy() -> None:
    """Show, try and change the thresholds of the ladders (stages, growth, classes); show the other policies."""


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
    """Say how many friends other thresholds would move, and from where to where; nothing is changed."""
    language, now = program.settings.language, program.services.clock.now()
    with program.database.reading() as session:
        trial = policy_trial.try_out(session, _changed(session, name, changes), now)
    moved, buyers = formats.number(trial.moved), formats.number(trial.buyers)
    click.echo(
        program.words(
            f"{moved}人が移動します（購入のある{buyers}人のうち）。",
            f"{moved} friends would move (of {buyers} who bought).",
        )
    )
    if trial.moved:
        Console(markup=False, highlight=False).print(_moves_table(trial, program, language))


@policy.command("set")
@NAME
@CHANGES
@click.pass_obj
def set_(program: Program, name: str, changes: tuple[str, ...]) -> None:
    """Change thresholds (numbers, or `none`); everybody concerned is looked at again within minutes."""
    now = program.services.clock.now()
    with program.database.begin() as session:
        changed = _changed(session, name, changes)
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
    data = [each.data for each in versions] + [LADDER_KINDS[name]().to_json() if name in LADDER_KINDS else {}]
    for version, before in zip(versions, data[1:], strict=True):
        when = formats.moment(version.created_at, zone, language)
        table.add_row(when, version.created_by, _differences(before, version.data))
    if versions:
        Console(markup=False, highlight=False).print(table)
    else:
        click.echo(program.words("変更されたことはありません。", "Never changed."))


def _moves_table(trial: Trial, program: Program, language: str) -> Table:
    table = Table(
        program.words("分類", "Ladder"),
        program.words("今", "From"),
        program.words("変更後", "To"),
        program.words("人数", "Friends"),
    )
    for ladder, moves in trial.moves.items():
        for (before, after), count in sorted(moves.items(), key=lambda move: (-move[1], move[0])):
            table.add_row(
                ladder_name(ladder, language),
                rung_name(ladder, before, language),
                rung_name(ladder, after, language),
                formats.number(count),
            )
    return table


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    changed = (name for name in after if before.get(name) != after[name])
    return "\n".join(f"{name}: {_said(before.get(name))} → {_said(after[name])}" for name in changed) or "–"


def _said(value: Any) -> str:
    return "none" if value is None else str(value)


def _changed(session: Session, name: str, changes: tuple[str, ...]) -> AnyLadderPolicy:
    """Return the policy in force with changes; raises Invalid("policy_invalid")."""
    now: AnyLadderPolicy = getattr(policies.ladder_policies(session), name)
    return type(now).from_json(now.to_json() | dict(_change(each) for each in changes))


def _change(written: str) -> tuple[str, float | None]:
    field, separator, value = written.partition("=")
    if not separator:
        raise Invalid("policy_invalid", field=written)
    return field.strip(), _number(field.strip(), value.strip())


def _number(field: str, value: str) -> float | None:
    if value.casefold() == "none":
        return None
    plain = value.replace(",", "")
    try:
        return int(plain) if plain.removeprefix("-").isdecimal() else float(plain)
    except ValueError as error:
        raise Invalid("policy_invalid", field=field) from error

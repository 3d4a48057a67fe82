"""`kokyaku contact`: how friends stand against the contact plan, and who is below its floor."""

import click
from rich.console import Console
from rich.table import Table

from bot import formats
from bot.cli.context import LARGEST, Program
from scheduler import contact_plan
from segments import contact_policy
from segments.stages import stage_name


@click.group()
def contact() -> None:
    """See how the contact plan works out; the plan itself is `policy show contact`."""


@contact.command()
@click.pass_obj
def status(program: Program) -> None:
    """Count, stage by stage, who is at a ceiling and who is below the floor."""
    language, now = program.settings.language, program.services.clock.now()
    table = Table(
        program.words("顧客ステージ", "Stage"),
        program.words("人数", "Friends"),
        program.words("上限（7日・30日）", "Ceiling (7, 30 days)"),
        program.words("達している人", "At it"),
        program.words("下限（30日）", "Floor (30 days)"),
        program.words("届かない人", "Below it"),
    )
    with program.database.reading() as session:
        policy = contact_policy.in_force(session)
        counted = contact_plan.counts(session, policy, now)
    for each in counted:
        limits = policy.of(each.stage)
        figures = (each.friends, f"{limits.week}・{limits.month}", each.full, limits.floor, each.below)
        written = (one if isinstance(one, str) else formats.number(one) for one in figures)
        table.add_row(stage_name(each.stage, language), *written)
    Console(markup=False, highlight=False).print(table)


@contact.command()
@click.option("--after", default=0, type=click.IntRange(0, LARGEST), help="Go on after this friend's number.")
@click.option("--limit", default=100, type=click.IntRange(1, 100_000), show_default=True)
@click.pass_obj
def below(program: Program, after: int, limit: int) -> None:
    """List friends who got fewer messages in 30 days than the plan's floor: number and name."""
    now = program.services.clock.now()
    with program.database.reading() as session:
        policy = contact_policy.in_force(session)
        found = contact_plan.below_floor(session, policy, now, after_id=after, limit=limit)
    for friend_id, name in found:
        click.echo(f"{friend_id}\t{name}")
    if not found:
        click.echo(program.words("下限に届かない友だちはいません。", "Nobody is below the floor."), err=True)

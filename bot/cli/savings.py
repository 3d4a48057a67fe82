"""`kokyaku savings`: what bundling and free replies saved, and what they may do."""

from datetime import timedelta

import click

from bot.cli.context import NUMBER, Program
from scheduler import bundling, savings, step_changes
from scheduler.bundling import Policy
from scheduler.savings import Month


@click.group("savings", invoke_without_command=True)
@click.pass_context
def commands(context: click.Context) -> None:
    """Print the messages and yen saved by month; change what may wait to be saved."""
    if context.invoked_subcommand is None:
        _show(context.obj)


def _show(program: Program) -> None:
    with program.database.reading() as session:
        months, policy = savings.by_month(session), bundling.policy(session)
    for month in months:
        click.echo(_line(program, month))
    if not months:
        click.echo(program.words("節約した通数はまだありません。", "Nothing was saved yet."))
    click.echo(
        program.words(
            f"まとめて送るために待つ時間: 最長{policy.minutes}分",
            f"A message waits for another one for {policy.minutes} minutes at most.",
        )
    )


def _line(program: Program, month: Month) -> str:
    return program.words(
        f"{month.month}  まとめ配信 {month.bundled:,}通  無料の応答 {month.on_replies:,}通  約{month.yen:,}円（税別）",
        f"{month.month}  bundled {month.bundled:,}  on free replies {month.on_replies:,}  about ¥{month.yen:,} before tax",
    )


@commands.command()
@click.argument("minutes", type=click.IntRange(0))
@click.pass_obj
def window(program: Program, minutes: int) -> None:
    """Let a message wait so many minutes for another one to the same friend; 0 = not at all."""
    with program.database.begin() as session:
        bundling.set_policy(session, Policy(timedelta(minutes=minutes)), program.services.clock.now())
    click.echo(program.words(f"最長{minutes}分待つようにしました。", f"Set to {minutes} minutes."))


@commands.command()
@click.argument("step_id", type=NUMBER)
@click.option("--hours", type=click.IntRange(1), help="Wait so long for a free reply, then push.")
@click.option("--off", is_flag=True, help="Push at once, as before.")
@click.pass_obj
def ride(program: Program, step_id: int, hours: int | None, off: bool) -> None:
    """Let the message of a scenario's step wait for a free reply to ride on."""
    if (hours is None) is not off:
        words = program.words(
            "--hours か --off のどちらかを指定してください。", "Give either --hours or --off."
        )
        raise click.UsageError(words)
    with program.database.begin() as session:
        step_changes.let_ride(session, step_id, timedelta(hours=hours) if hours else None)
    if hours is None:
        click.echo(program.words("待たずに送るようにしました。", "Its message is pushed at once."))
        return
    click.echo(
        program.words(
            f"友だちからの連絡を最長{hours}時間待ち、無料の応答と一緒に送ります。なければそのとき送ります。",
            f"Its message waits up to {hours} hours for a free reply, and is pushed then.",
        )
    )

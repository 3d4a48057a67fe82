"""`kokyaku segments rebuild`: everything derived of all friends, made anew from what was recorded."""

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.cli.context import Program
from segments import bulk_rebuild

COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


@click.command()
@click.pass_obj
def rebuild(program: Program) -> None:
    """Derive facts, cycles, stages and points of all friends anew.

    The shop may stay open meanwhile. Interrupted, it goes on where it stopped when it is called again.
    """
    with program.database.reading() as session:
        resumed = bulk_rebuild.is_waiting(session)
    if resumed:
        click.echo(
            program.words(
                "中断した再計算の続きから始めます。", "Going on where the last rebuild was interrupted."
            )
        )
    with Progress(*COLUMNS, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(program.words("再計算中", "Rebuilding"), total=None)
        count = bulk_rebuild.rebuild_all(
            program.database,
            program.services.clock.now(),
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    click.echo(
        program.words(f"友だち{count:,}人の再計算が終わりました。", f"{count:,} friends are made anew.")
    )

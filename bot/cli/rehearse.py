"""`kokyaku rehearse`: what the coming days would bring, without sending anything."""

import json
import signal
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from bot.cli.context import Program
from bot.process_manners import collect_seldom
from bot.rehearsal import as_json, words
from bot.rehearsal.figures import Figures
from bot.rehearsal.life import Wish
from bot.rehearsal.run import LONGEST
from bot.rehearsal.run import rehearse as live_through
from segments.clock import SystemClock


@click.command()
@click.option("--days", type=int, default=90, show_default=True, help=f"How far to look ahead, 1–{LONGEST}.")
@click.option("--purchases", is_flag=True, help="Let friends buy on the day they are due.")
@click.option("--seed", default=1, show_default=True, help="Draws the hours of those purchases.")
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Write the report here too."
)
@click.pass_obj
def rehearse(program: Program, days: int, purchases: bool, seed: int, json_path: Path | None) -> None:
    """Run everything that would happen on a copy of the database, against the simulator, with a clock that jumps.

    Nothing is sent and the database is only read.
    """
    if json_path is not None:
        json_path.touch()  # Better now than after a minute.
    collect_seldom()
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with _terminated_politely(), Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(program.words("リハーサル中", "Rehearsing"), total=days)
        figures = live_through(
            program.settings,
            program.database,
            Wish(days, purchases=purchases, seed=seed),
            SystemClock().now(),
            lambda lived: bar.update(task, completed=lived),
        )
    if json_path is not None:
        text = json.dumps(as_json.to_json(figures), ensure_ascii=False, indent=1)
        json_path.write_text(text + "\n", encoding="utf-8")
    _print(figures, program.settings.language)


@contextmanager
def _terminated_politely() -> Generator[None]:
    """Let SIGTERM end the rehearsal as Ctrl+C does, so that the copy is removed."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _print(figures: Figures, language: str) -> None:
    for line in words.summary(figures, language):
        click.echo(line)
    console = Console(width=None if Console().is_terminal else 120)
    for one in words.tables(figures, language):
        if not one.rows:
            continue
        # Names are friends' and operators' own: none of them is markup.
        table = Table(*one.head, title=one.title, title_justify="left")
        for row in one.rows:
            table.add_row(*(cell.replace("[", "\\[") for cell in row))
        console.print(table)

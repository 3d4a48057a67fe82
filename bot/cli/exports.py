"""`kokyaku export DIR`: everything the shop has, as CSV files and one JSON file."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bot import export_tables, exporting, operators
from bot.cli.context import Program

BY = "command line"
COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def export(program: Program, folder: Path) -> None:
    """Write everything into a folder: a CSV a table, safe to open in a spreadsheet, and shop.json; no passwords or keys."""
    now = program.services.clock.now()
    with (
        program.database.reading() as session,
        Progress(*COLUMNS, console=Console(stderr=True), transient=True) as bar,
    ):
        task = bar.add_task(program.words("書き出し中", "Exporting"), total=export_tables.count(session))
        written = exporting.write_folder(session, folder, now, lambda rows: bar.update(task, completed=rows))
    with program.database.begin() as session:
        operators.note(session, BY, "everything_exported", "", now)
    click.echo(
        program.words(f"{written:,}行を {folder} に書き出しました。", f"Wrote {written:,} lines to {folder}.")
    )

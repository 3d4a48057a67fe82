"""`kokyaku forecast`: when each customer of a CSV file buys next, without any database."""

import csv
from datetime import date
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bot.cli.context import Program
from segments.cycle_csv import Lines, read_lines
from segments.cycle_forecasts import HEADER, Part, parts_of, rows_of
from segments.errors import Invalid
from segments.imports import ImportOptions, Refusal, dates, harmless, reason_words

SHOWN = 20
"""How many refused lines are shown."""
STEP = 5000
"""Rows written between two signs of progress."""


def _day(_context: click.Context, _parameter: click.Parameter, value: str) -> date:
    try:
        return dates.day(value)
    except Invalid as problem:
        raise click.BadParameter(f"{value!r}: YYYY-MM-DD") from problem


def _mapping(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.rpartition("=") for value in values]
    for value, (column, _, _) in zip(values, pairs, strict=True):
        if not column.strip():
            raise click.BadParameter(f"{value!r}: COLUMN=FIELD")
    return {column.strip(): field.strip() for column, _, field in pairs}


@click.command()
@click.argument("csv_file", type=click.Path(path_type=Path), metavar="CSV")
@click.option(
    "--as-of",
    required=True,
    callback=_day,
    metavar="DATE",
    help="The morning on which the forecast is made; only purchases before this day are looked at.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="CSV",
    help="Where the forecast is written (UTF-8 with a byte order mark, for Excel).",
)
@click.option(
    "--mapping",
    multiple=True,
    callback=_mapping,
    metavar="COLUMN=FIELD",
    help="Say which field (customer_id, date, amount, category, quantity) a column holds; an empty field leaves it out.",
)
@click.option("--encoding", metavar="NAME", help="utf-8 or cp932; found out when not given.")
@click.option(
    "--seed", default=1, show_default=True, help="Chooses the sample of customers that a large fit looks at."
)
@click.pass_obj
def forecast(
    program: Program,
    csv_file: Path,
    as_of: date,
    out: Path,
    mapping: dict[str, str],
    encoding: str | None,
    seed: int,
) -> None:
    """Forecast each customer's next purchase from a CSV of customer_id, date[, amount, category, quantity].

    No database is needed. With a category column every customer also gets a row for each category.
    """  # fmt: skip
    options = ImportOptions(mapping=mapping, encoding=encoding, zone=program.settings.zone)
    if out.exists() and csv_file.exists() and out.samefile(csv_file):
        raise click.ClickException(
            program.words("--out に元のファイルは指定できません。", "--out is the file that is read.")
        )
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        lines = _read(program, bar, csv_file, options)
        parts = _learn(program, bar, lines, as_of, seed)
        count = _write(program, bar, out, parts, lines.customers, as_of) if len(parts[0].days.day) else 0
    _tell_refused(program, lines.refused)
    if not count:
        raise click.ClickException(
            program.words(
                f"{as_of.isoformat()}より前の購入がありません。予測は作成していません。",
                f"There is no purchase before {as_of.isoformat()}: no forecast was made.",
            )
        )
    click.echo(
        program.words(
            f"購入{len(lines.day):,}行から{count:,}行の予測を {out} に保存しました。",
            f"{count:,} forecasts from {len(lines.day):,} lines of purchases are in {out}.",
        )
    )


def _read(program: Program, bar: Progress, path: Path, options: ImportOptions) -> Lines:
    size = path.stat().st_size if path.is_file() else None
    task = bar.add_task(program.words("読み込み中", "Reading"), total=size)
    try:
        lines = read_lines(path, options, lambda done: bar.update(task, completed=done))
    except Invalid as problem:
        words = reason_words(problem.code, problem.params, program.settings.language, options.zone)
        raise click.ClickException(words) from problem
    bar.update(task, completed=size)
    return lines


def _learn(program: Program, bar: Progress, lines: Lines, as_of: date, seed: int) -> list[Part]:
    task = bar.add_task(program.words("学習中", "Learning"), total=1 + len(lines.categories))
    return parts_of(lines, as_of, seed, lambda done, total: bar.update(task, completed=done, total=total))


def _write(
    program: Program, bar: Progress, out: Path, parts: list[Part], customers: list[str], as_of: date
) -> int:
    """Write beside the file and put it in place when it is whole; return the number of rows."""
    task = bar.add_task(program.words("書き出し中", "Writing"), total=None)
    unfinished, count = out.with_name(f"{out.name}.part"), 0
    try:
        with unfinished.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            for part in parts:
                for row in rows_of(part, customers, as_of, program.settings.language):
                    writer.writerow((harmless(str(row[0])), harmless(str(row[1])), *row[2:]))
                    count += 1
                    if count % STEP == 0:
                        bar.update(task, completed=count)
        unfinished.replace(out)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise click.ClickException(
            program.words(
                f"{out} に保存できませんでした（{error.strerror}）。",
                f"{out} could not be saved ({error.strerror}).",
            )
        ) from error
    return count


def _tell_refused(program: Program, refused: list[Refusal]) -> None:
    if not refused:
        return
    click.echo(
        program.words(f"使えなかった行 {len(refused):,}行", f"{len(refused):,} lines were left out"), err=True
    )
    for one in refused[:SHOWN]:
        reason = harmless(
            reason_words(one.code, one.params, program.settings.language, program.settings.zone)
        )
        click.echo(
            program.words(f"{one.line_number}行目: {reason}", f"line {one.line_number}: {reason}"), err=True
        )
    if len(refused) > SHOWN:
        more = len(refused) - SHOWN
        click.echo(program.words(f"ほか {more:,}行", f"… and {more:,} more"), err=True)

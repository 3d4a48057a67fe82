"""`kokyaku import`: friends, products and purchases from CSV files."""

import sqlite3
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import SQLAlchemyError

from bot.cli.context import Program
from bot.cli.errors import words_of
from bot.services import Services
from segments.clock import Clock
from segments.db import Database
from segments.errors import Invalid
from segments.imports import (
    Decimals,
    ImportOptions,
    ImportReport,
    Phase,
    Refusal,
    harmless,
    import_friends,
    import_products,
    import_purchases,
    reason_words,
    write_refusals,
)
from segments.imports import Progress as Hears

F = TypeVar("F", bound=Callable[..., Any])

SHOWN = 20
"""How many refused lines are shown on the screen; --report has them all."""

_WORDS = {
    "ja": {
        "reading": "読み込み中",
        "recording": "登録中",
        "summary": "取り込み {accepted:,}行・変更なし {unchanged:,}行・取り込めなかった行 {refused:,}行（取り込み番号 {run_id}）",
        "line": "{line}行目: {reason}",
        "more": "ほか {more:,}行。すべて見るには --report ファイル名 を付けてください。",
        "written": "取り込めなかった行の一覧を {path} に保存しました。",
        "kept": "ここまでに取り込んだ行は残っています。同じファイルをもう一度取り込むと、残りが入ります。",
        "unwritten": "一覧を {path} に保存できませんでした（{error}）。取り込みは完了しています。",
    },
    "en": {
        "reading": "Reading",
        "recording": "Recording",
        "summary": "{accepted:,} lines taken, {unchanged:,} unchanged, {refused:,} refused (import {run_id})",
        "line": "line {line}: {reason}",
        "more": "… and {more:,} more; --report FILE lists them all.",
        "written": "The refused lines are in {path}.",
        "kept": "What was taken so far is kept: import the same file again for the rest.",
        "unwritten": "The list could not be saved as {path} ({error}). The import itself is complete.",
    },
}


Import = Callable[[Database, Path, Clock, ImportOptions, Hears], ImportReport]

imports = click.Group("import", help="Import friends, products or purchases from a CSV file.")


def _mapping(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.rpartition("=") for value in values]
    for value, (column, _, _) in zip(values, pairs, strict=True):
        if not column.strip():
            raise click.BadParameter(f"{value!r}: COLUMN=FIELD")
    return {column.strip(): field.strip() for column, _, field in pairs}


def _factor(_context: click.Context, _parameter: click.Parameter, value: str) -> Decimal:
    try:
        factor = Decimal(value)
    except InvalidOperation as error:
        raise click.BadParameter(value) from error
    if not (factor.is_finite() and 0 < factor <= 1_000_000):
        raise click.BadParameter(value)
    return factor


def _common(command: F) -> F:
    """Add what every kind of file takes."""
    for decorate in (
        click.argument("csv_file", type=click.Path(path_type=Path), metavar="CSV"),
        click.option("--mapping", multiple=True, callback=_mapping, metavar="COLUMN=FIELD", help="Say which field a column holds; an empty field leaves it out. May be given several times."),
        click.option("--encoding", metavar="NAME", help="utf-8 or cp932; found out when not given."),
        click.option("--source", metavar="NAME", help="Where the lines come from, noted with each row; import:<number> when not given."),
        click.option("--report", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Save the refused lines as a CSV file."),
    ):  # fmt: skip
        command = decorate(command)
    return command


@imports.command()
@_common
@click.pass_obj
def friends(
    program: Program,
    csv_file: Path,
    mapping: dict[str, str],
    encoding: str | None,
    source: str | None,
    report: Path | None,
) -> None:
    """Import friends, by LINE user id or member number."""
    options = ImportOptions(mapping=mapping, encoding=encoding, source=source, zone=program.settings.zone)
    _run(import_friends, program.services, csv_file, options, report)


@imports.command()
@_common
@click.pass_obj
def products(
    program: Program,
    csv_file: Path,
    mapping: dict[str, str],
    encoding: str | None,
    source: str | None,
    report: Path | None,
) -> None:
    """Import products, by product code."""
    options = ImportOptions(mapping=mapping, encoding=encoding, source=source, zone=program.settings.zone)
    _run(import_products, program.services, csv_file, options, report)


@imports.command()
@_common
@click.option("--create-products", is_flag=True, help="Create products that are not known yet.")
@click.option(
    "--currency-decimals",
    type=click.Choice([one.value for one in Decimals]),
    default="refuse",
    help="What becomes of fractions of a yen.",
)
@click.option(
    "--amount-factor",
    default="1",
    callback=_factor,
    metavar="NUMBER",
    help="Multiply every amount and round it to whole yen (100: dollars and cents).",
)
@click.pass_obj
def purchases(
    program: Program,
    csv_file: Path,
    mapping: dict[str, str],
    encoding: str | None,
    source: str | None,
    report: Path | None,
    *,
    create_products: bool,
    currency_decimals: str,
    amount_factor: Decimal,
) -> None:
    """Import purchases, by order id."""
    options = ImportOptions(
        mapping=mapping,
        encoding=encoding,
        source=source,
        zone=program.settings.zone,
        create_products=create_products,
        currency_decimals=Decimals(currency_decimals),
        amount_factor=amount_factor,
    )
    _run(import_purchases, program.services, csv_file, options, report)


def _run(
    import_file: Import, services: Services, path: Path, options: ImportOptions, report_path: Path | None
) -> None:
    language = services.settings.language
    try:
        report = _with_bar(import_file, services, path, options)
    except Invalid as problem:
        raise click.ClickException(
            reason_words(problem.code, problem.params, language, options.zone)
        ) from problem
    except (SQLAlchemyError, sqlite3.Error, OSError) as trouble:
        raise click.ClickException(f"{words_of(trouble, language)} {_words(services)['kept']}") from trouble
    words = _words(services)
    click.echo(
        words["summary"].format(
            accepted=report.accepted,
            unchanged=report.unchanged,
            refused=report.refused_count,
            run_id=report.run_id,
        )
    )
    for refusal in report.refused[:SHOWN]:
        click.echo(_line(refusal, services))
    if report.refused_count > SHOWN and report_path is None:
        click.echo(words["more"].format(more=report.refused_count - SHOWN))
    if report_path is not None:
        _save(report, report_path, services)


def _with_bar(import_file: Import, services: Services, path: Path, options: ImportOptions) -> ImportReport:
    # On standard error, so that what is piped on is the result alone.
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    words = _words(services)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks = {phase: bar.add_task(words[phase.value], total=None, start=False) for phase in Phase}

        def hear(phase: Phase, done: int, total: int) -> None:
            bar.start_task(tasks[phase])
            bar.update(tasks[phase], completed=done, total=total)

        return import_file(services.database, path, services.clock, options, hear)


def _line(refusal: Refusal, services: Services) -> str:
    reason = reason_words(refusal.code, refusal.params, services.settings.language, services.settings.zone)
    return _words(services)["line"].format(line=refusal.line_number, reason=harmless(reason))


def _save(report: ImportReport, path: Path, services: Services) -> None:
    words = _words(services)
    try:
        with services.database.reading() as session:
            write_refusals(session, report.run_id, path, services.settings.language, services.settings.zone)
    except OSError as error:
        raise click.ClickException(words["unwritten"].format(path=path, error=error.strerror)) from error
    click.echo(words["written"].format(path=path))


def _words(services: Services) -> dict[str, str]:
    return _WORDS["en" if services.settings.language == "en" else "ja"]

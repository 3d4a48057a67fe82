"""Tables of figures: shown on a terminal in the operator's language, or saved for a spreadsheet."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from bot import formats
from bot.cli.context import Program
from segments.imports import harmless


class Show(StrEnum):
    """How the values of a column are written."""

    TEXT = "text"
    NUMBER = "number"
    YEN = "yen"
    SHARE = "share"
    """From 0 to 1, shown as a percentage."""
    RATIO = "ratio"


@dataclass(frozen=True, slots=True)
class Column:
    """One column, with its name in both languages."""

    japanese: str
    english: str
    show: Show = Show.TEXT


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table; a cell of None says that nobody can tell yet, "" is left empty."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]


def tell(program: Program, sheet: Sheet, path: Path | None, empty: tuple[str, str]) -> None:
    """Print the table, or save it as `path`; without rows say `empty` (Japanese, English) instead."""
    if not sheet.rows:
        click.echo(program.words(*empty))
    elif path is None:
        _print(program, sheet)
    else:
        _save(program, sheet, path)


def _print(program: Program, sheet: Sheet) -> None:
    table = Table()
    for column in sheet.columns:
        plain = column.show is Show.TEXT
        table.add_column(
            program.words(column.japanese, column.english),
            justify="left" if plain else "right",
            overflow="fold",
        )
    for row in sheet.rows:
        cells = zip(row, sheet.columns, strict=True)
        table.add_row(*(_shown(program, value, column.show) for value, column in cells))
    Console(markup=False, highlight=False).print(table)


def _shown(program: Program, value: Any, show: Show) -> str:
    if value is None:
        return program.words("まだ判定できません", "too early to tell")
    if value == "":
        return ""
    match show:
        case Show.TEXT:
            return str(value)
        case Show.NUMBER:
            return formats.number(value)
        case Show.YEN:
            return formats.yen(round(value), program.settings.language)
        case Show.SHARE:
            return f"{value:.1%}"
        case Show.RATIO:
            return f"{value:.2f}"


def _save(program: Program, sheet: Sheet, path: Path) -> None:
    """Write UTF-8 with a byte order mark, for Excel; numbers bare, words such that none is taken for a formula."""
    header = [program.words(column.japanese, column.english) for column in sheet.columns]
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows([_bare(value) for value in row] for row in sheet.rows)
    except OSError as error:
        raise click.ClickException(
            program.words(
                f"{path} に保存できませんでした（{error.strerror}）。",
                f"{path} could not be saved ({error.strerror}).",
            )
        ) from error
    click.echo(
        program.words(
            f"{len(sheet.rows):,}行を {path} に保存しました。", f"{len(sheet.rows):,} rows are in {path}."
        )
    )


def _bare(value: Any) -> Any:
    match value:
        case None:
            return ""
        case float():
            return round(value, 6)
        case str():
            return harmless(value)
        case _:
            return value

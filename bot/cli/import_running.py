"""Runs an import in the terminal, with a bar, and says what came of it."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import SQLAlchemyError

from bot.cli.errors import words_of
from bot.services import Services
from segments.clock import Clock
from segments.db import Database
from segments.errors import Invalid
from segments.imports import (
    ImportOptions,
    ImportReport,
    Phase,
    Refusal,
    harmless,
    reason_words,
    write_refusals,
)
from segments.imports import Progress as Hears

SHOWN = 20
"""How many refused lines are shown on the screen; --report has them all."""

_WORDS = {
    "ja": {
        "reading": "読み込み中",
        "recording": "登録中",
        "summary": "取り込み {accepted:,}行・変更なし {unchanged:,}行・取り込めなかった行 {refused:,}行（取り込み番号 {run_id}）",
        "unlinked": "うち{unlinked:,}行は、その会員番号の友だちがまだいません。つながると、その友だちの購入になります。",
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
        "unlinked": "{unlinked:,} of them name a member number no friend has yet; they become the friend's once linked.",
        "line": "line {line}: {reason}",
        "more": "… and {more:,} more; --report FILE lists them all.",
        "written": "The refused lines are in {path}.",
        "kept": "What was taken so far is kept: import the same file again for the rest.",
        "unwritten": "The list could not be saved as {path} ({error}). The import itself is complete.",
    },
}

Import = Callable[[Database, Path, Clock, ImportOptions, Hears], ImportReport]


def run(
    import_file: Import, services: Services, path: Path, options: ImportOptions, report_path: Path | None
) -> None:
    """Import a file and print how many lines were taken; raises ClickException when it cannot be."""
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
    if report.unlinked:
        click.echo(words["unlinked"].format(unlinked=report.unlinked))
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

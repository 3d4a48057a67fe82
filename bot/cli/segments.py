"""`kokyaku segments`: saved segments from the terminal."""

import csv
import json
import sys
from pathlib import Path
from typing import TextIO

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from bot import operators
from bot.cli.context import NUMBER, Program
from bot.cli.rebuilds import rebuild
from bot.cli.segment_growth import growth
from bot.segment_export import HEADINGS, rows
from bot.words import error_words
from scheduler import segment_uses
from segments import audience, condition_explain, condition_known, condition_words, conditions, saved, shop
from segments.condition_refusals import REFUSALS, is_passing
from segments.conditions import Condition
from segments.errors import Invalid, KokyakuError
from segments.models import Segment

ACTOR = "cli"
BY = "command line"
"""Who did it, in the audit log."""
KINDS = {
    "tag": ("タグ", "tag"),
    "segment": ("セグメント", "segment"),
    "scenario": ("シナリオ", "scenario"),
    "broadcast": ("一斉配信", "broadcast"),
}
"""What may use a segment, in Japanese and English."""


@click.group()
def segments() -> None:
    """Make, count, look at, explain and export saved segments."""


segments.add_command(growth)
segments.add_command(rebuild)


@segments.command("list")
@click.pass_obj
def list_segments(program: Program) -> None:
    """Show every saved segment with how many friends are in it now; one that cannot be counted says why."""
    table = Table("ID", program.words("名前", "Name"), program.words("人数", "Friends"))
    with program.database.reading() as session:
        everything = saved.all_of(session)
    for segment in everything:
        table.add_row(str(segment.id), segment.name, _counted(program, segment))
    Console(markup=False, highlight=False).print(table)


def _counted(program: Program, segment: Segment) -> str:
    now = program.services.clock.now()
    try:
        # A transaction each: after a refusal PostgreSQL answers nothing more in the same one.
        with program.database.reading() as session:
            return f"{audience.count(session, conditions.parse(segment.condition), now):,}"
    except Invalid as error:
        return _said(program, error)
    except REFUSALS as error:
        if is_passing(error):
            raise
        return _said(program, Invalid("condition_broke"))


def _said(program: Program, error: KokyakuError) -> str:
    return error_words(error, program.settings.language)


@segments.command()
@click.argument("segment_id", type=NUMBER)
@click.pass_obj
def count(program: Program, segment_id: int) -> None:
    """Print how many friends are in a segment now."""
    with program.database.reading() as session:
        click.echo(audience.count(session, _condition(session, segment_id), program.services.clock.now()))


@segments.command()
@click.argument("segment_id", type=NUMBER)
@click.option("--limit", type=NUMBER, default=20, show_default=True)
@click.pass_obj
def preview(program: Program, segment_id: int, limit: int) -> None:
    """Print some friends of a segment: id, member number, name."""
    with program.database.reading() as session:
        condition = _condition(session, segment_id)
        for friend in audience.preview(session, condition, program.services.clock.now(), limit):
            click.echo(f"{friend.id}\t{friend.member_number or '-'}\t{friend.display_name}")


@segments.command()
@click.argument("segment_id", type=NUMBER)
@click.pass_obj
def show(program: Program, segment_id: int) -> None:
    """Print a segment: its name, its condition in words and as JSON, and what uses it."""
    with program.database.reading() as session:
        segment = saved.load(session, segment_id)
        condition = conditions.parse(segment.condition)
        known = condition_known.with_names(session, condition, condition_known.load(session, condition))
        click.echo(
            f"{segment.name} ({program.words('第', 'version ')}{segment.version}{program.words('版', '')})"
        )
        click.echo(condition_words.words(condition, program.settings.language, known))
        click.echo(json.dumps(conditions.dump(condition), ensure_ascii=False, indent=2))
        for use in [*saved.used_by(session, segment_id), *segment_uses.elsewhere(session, segment_id)]:
            kind = program.words(*KINDS[use.kind])
            click.echo(f"{program.words('使用中', 'used by')}: {kind} {use.name}")


@segments.command()
@click.argument("friend_id", type=NUMBER)
@click.argument("segment_id", type=NUMBER)
@click.pass_obj
def explain(program: Program, friend_id: int, segment_id: int) -> None:
    """Say why a friend is in a segment or not."""
    with program.database.reading() as session:
        condition = _condition(session, segment_id)
        told = condition_explain.explain(session, condition, friend_id, program.services.clock.now())
        click.echo(told.verdict(program.settings.language))


@segments.command()
@click.argument("segment_id", type=NUMBER)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else the terminal."
)
@click.pass_obj
def export(program: Program, segment_id: int, out: Path | None) -> None:
    """Write all friends of a segment as CSV, safe to open in a spreadsheet."""
    if out is None:
        _export(program, segment_id, sys.stdout)
        return
    with program.database.reading() as session:
        # Refused before a file is written over, and not after.
        audience.matching(session, _condition(session, segment_id), program.services.clock.now())
    with out.open("w", encoding="utf-8-sig", newline="") as file:
        found = _export(program, segment_id, file)
    click.echo(program.words(f"{found:,}人を {out} に書き出しました。", f"Wrote {found:,} friends to {out}."))


def _export(program: Program, segment_id: int, file: TextIO) -> int:
    writer = csv.writer(file, lineterminator="\r\n")
    language, found = program.settings.language, 0
    with program.database.reading() as session:
        condition = _condition(session, segment_id)
        zone = shop.load(session).zone
        lines = rows(session, condition, program.services.clock.now(), zone, language)
        writer.writerow(each.of(language) for each in HEADINGS)
        for line in lines:
            writer.writerow(line)
            found += 1
    return found


@segments.command()
@click.argument("name")
@click.argument("condition")
@click.pass_obj
def create(program: Program, name: str, condition: str) -> None:
    """Save a condition under a name: CONDITION is JSON, or the name of a file that holds it."""
    now = program.services.clock.now()
    with program.database.begin() as session:
        made = saved.create(session, name, _read(condition), ACTOR, now)
        operators.note(session, BY, "segment_created", str(made.id), now)
        click.echo(program.words(f"セグメント {made.id} を保存しました。", f"Saved as segment {made.id}."))


def _read(given: str) -> Condition:
    text = given if given.lstrip().startswith("{") else Path(given).read_text(encoding="utf-8-sig")
    return conditions.parse_text(text)


@segments.command()
@click.argument("segment_id", type=NUMBER)
@click.pass_obj
def delete(program: Program, segment_id: int) -> None:
    """Delete a segment that nothing uses."""
    with program.database.begin() as session:
        saved.delete(session, segment_id, segment_uses.elsewhere(session, segment_id))
        operators.note(session, BY, "segment_deleted", str(segment_id), program.services.clock.now())
    click.echo(program.words("削除しました。", "Deleted."))


def _condition(session: Session, segment_id: int) -> Condition:
    return conditions.parse(saved.load(session, segment_id).condition)

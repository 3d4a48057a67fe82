"""`kokyaku segments growth`: how a segment's size moved, night by night."""

from datetime import timedelta

import click
from rich.console import Console
from rich.table import Table

from bot.cli.context import NUMBER, Program
from segments import segment_sizes, shop
from segments.errors import NotFound
from segments.models import Segment


@click.command("growth")
@click.argument("segment_id", type=NUMBER)
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True)
@click.pass_obj
def growth(program: Program, segment_id: int, days: int) -> None:
    """Show how many friends a segment had on each of the last days; days that were not counted are left out."""
    with program.database.reading() as session:
        if session.get(Segment, segment_id) is None:
            raise NotFound("segment_unknown", segment_id=segment_id)
        today = shop.load(session).today(program.services.clock.now())
        found = segment_sizes.sizes(session, segment_id, today - timedelta(days=days - 1), today)
    table = Table(
        program.words("日付", "Day"), program.words("人数", "Friends"), program.words("増減", "Change")
    )
    before: int | None = None
    for each in found:
        change = "" if before is None else f"{each.size - before:+,}"
        table.add_row(each.day.isoformat(), f"{each.size:,}", change)
        before = each.size
    if not found:
        click.echo(
            program.words(
                "まだ集計がありません。毎晩1回集計します。", "Nothing counted yet; it is counted every night."
            )
        )
        return
    Console().print(table)

"""`kokyaku segments`: saved segments from the terminal."""

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from bot.cli.context import NUMBER, Program
from bot.cli.segment_growth import growth
from segments import audience, conditions
from segments.errors import NotFound
from segments.models import Segment


@click.group()
def segments() -> None:
    """List, count and preview saved segments."""


segments.add_command(growth)


@segments.command("list")
@click.pass_obj
def list_segments(program: Program) -> None:
    """Show every saved segment with how many friends are in it now."""
    table = Table("ID", program.words("名前", "Name"), program.words("人数", "Friends"))
    with program.database.reading() as session:
        for segment in session.scalars(select(Segment).order_by(Segment.id)):
            count = audience.count(session, conditions.parse(segment.condition), program.services.clock.now())
            table.add_row(str(segment.id), segment.name, f"{count:,}")
    Console().print(table)


@segments.command()
@click.argument("segment_id", type=NUMBER)
@click.pass_obj
def count(program: Program, segment_id: int) -> None:
    """Print how many friends are in a segment now."""
    with program.database.reading() as session:
        segment = session.get(Segment, segment_id)
        if segment is None:
            raise NotFound("segment_unknown", segment_id=segment_id)
        click.echo(audience.count(session, conditions.parse(segment.condition), program.services.clock.now()))


@segments.command()
@click.argument("segment_id", type=NUMBER)
@click.option("--limit", type=NUMBER, default=20, show_default=True)
@click.pass_obj
def preview(program: Program, segment_id: int, limit: int) -> None:
    """Print some friends of a segment: id, member number, name."""
    with program.database.reading() as session:
        segment = session.get(Segment, segment_id)
        if segment is None:
            raise NotFound("segment_unknown", segment_id=segment_id)
        condition = conditions.parse(segment.condition)
        for friend in audience.preview(session, condition, program.services.clock.now(), limit):
            click.echo(f"{friend.id}\t{friend.member_number or '-'}\t{friend.display_name}")

"""`kokyaku link`: tracked links, and who tapped them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import click

from bot.cli.context import Program
from segments import links, shop


@click.group()
def link() -> None:
    """Name addresses that messages lead to with {{ link("NAME") }}, and see the taps."""


@link.command()
@click.argument("name")
@click.argument("url")
@click.option("--change", is_flag=True, help="Let a name that exists lead to another address.")
@click.pass_obj
def add(program: Program, name: str, url: str, change: bool) -> None:
    """Name an address (http or https)."""
    with program.database.begin() as session:
        made = links.register(session, name, url, program.services.clock.now(), change=change)
        said = made.name, made.url
    click.echo(program.words(f"「{said[0]}」→ {said[1]}", f"{said[0]} → {said[1]}"))
    _warn(program)


@link.command("list")
@click.pass_obj
def list_(program: Program) -> None:
    """List every link with its taps and how many friends tapped it."""
    with program.database.reading() as session:
        zone = shop.load(session).zone
        for each in links.tallies(session):
            counts = program.words(
                f"{each.taps:,}回（{each.friends:,}人）", f"{each.taps:,} taps by {each.friends:,}"
            )
            click.echo(f"{each.name}\t{each.url}\t{counts}\t{_shown(each.last_at, zone)}")
    _warn(program)


@link.command()
@click.argument("name")
@click.option("--limit", default=100, type=click.IntRange(1, 100_000), show_default=True)
@click.pass_obj
def taps(program: Program, name: str, limit: int) -> None:
    """List who tapped a link and when, the newest first: moment, number of the friend, number of the delivery."""
    with program.database.reading() as session:
        zone = shop.load(session).zone
        for each in links.taps_of(session, name, limit):
            click.echo(f"{_shown(each.at, zone)}\t{each.friend_id}\t{each.delivery_id or '-'}")


def _shown(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}" if moment else "-"


def _warn(program: Program) -> None:
    """Say that taps cannot be known as long as friends' phones cannot reach us."""
    if not program.settings.public_url:
        words = program.words(
            "KOKYAKU_PUBLIC_URL が設定されていないため、タップは記録できません。リンクは元のアドレスのまま送られます。",
            "KOKYAKU_PUBLIC_URL is not set: taps cannot be known, and messages carry the plain address.",
        )
        click.echo(words, err=True)

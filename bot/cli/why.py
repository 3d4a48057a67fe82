"""`kokyaku why`: why a friend got something, or did not."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import click

from bot import formats
from bot.cli.context import NUMBER, Program
from scheduler import decisions
from segments import shop


@click.command()
@click.argument("friend_id", type=NUMBER)
@click.option("--broadcast", "broadcast_id", type=NUMBER, help="Number of a broadcast.")
@click.option("--scenario", help="Key or number of a scenario.")
@click.option("--limit", default=50, type=click.IntRange(1, 1000), show_default=True)
@click.pass_obj
def why(program: Program, friend_id: int, broadcast_id: int | None, scenario: str | None, limit: int) -> None:
    """Say why a friend got a broadcast or a scenario's messages, or not; without either, what was held back lately."""
    if broadcast_id is not None and scenario is not None:
        raise click.ClickException(
            program.words(
                "--broadcast と --scenario は同時に指定できません。",
                "--broadcast and --scenario cannot be given together.",
            )
        )
    language, now = program.settings.language, program.services.clock.now()
    with program.database.reading() as session:
        if broadcast_id is not None:
            told = decisions.why_broadcast(session, friend_id, broadcast_id, now)
        elif scenario is not None:
            told = decisions.why_scenario(session, friend_id, scenario, now)
        else:
            _lately(program, decisions.of_friend(session, friend_id, limit), shop.load(session).zone)
            return
    for words in told:
        click.echo(words.of(language))


def _lately(program: Program, told: Sequence[decisions.Told], zone: ZoneInfo) -> None:
    language = program.settings.language
    if not told:
        click.echo(program.words("見送りや保留の記録はありません。", "Nothing was held back or refused."))
    for each in told:
        when = formats.moment(each.at, zone, language)
        click.echo(f"{when}\t{each.about.of(language)}\t{each.words.of(language)}")

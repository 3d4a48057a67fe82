"""`kokyaku trust`: how a friend's trust account stands and why, points by hand, an apology."""

import click

from bot import formats, operators
from bot.apology_words import outlook_words
from bot.cli.context import NUMBER, Program
from bot.trust_words import kind_words
from scheduler import apologies, apology_outlook, trust_ledger
from segments import shop, trust
from segments.errors import Invalid

ACTOR = "cli"
BY = "command line"
"""Who did it, in the audit log; not why, which stands on the friend's page and goes when the friend is erased."""


@click.group("trust")
def trust_group() -> None:
    """Show and mend trust (信頼貯金); what it is moved by is `policy show trust`."""


@trust_group.command()
@click.argument("friend_id", type=NUMBER)
@click.option("--limit", default=50, type=click.IntRange(1, 1000), show_default=True)
@click.pass_obj
def show(program: Program, friend_id: int, limit: int) -> None:
    """Print the balance, until when it is in the red, and what moved it, the newest first."""
    language = program.settings.language
    with program.database.reading() as session:
        zone = shop.load(session).zone
        stands = trust_ledger.statement(session, friend_id, program.services.clock.now(), limit)
    click.echo(program.words(f"残高 {stands.balance:,}点", f"Balance: {stands.balance:,} points"))
    if stands.red_until:
        until = formats.moment(stands.red_until, zone, language)
        click.echo(
            program.words(
                f"不足しています。何もなければ{until}に回復します。それまで販売のご案内は送りません。",
                f"In the red until {until} if nothing happens; no offers go out before.",
            )
        )
    for line in stands.lines:
        when = formats.moment(line.at, zone, language)
        click.echo(f"{when}\t{line.points:+,}\t{kind_words(line.kind, language)}\t{line.cause}")


@trust_group.command(context_settings={"ignore_unknown_options": True})
@click.argument("friend_id", type=NUMBER)
@click.argument("points", metavar="POINTS")
@click.option("--why", required=True, help="What happened, for whoever reads the account later.")
@click.pass_obj
def adjust(program: Program, friend_id: int, points: str, why: str) -> None:
    """Add points by hand, or take them with a negative number: `adjust 12 -5 --why 遅配`."""
    now, number = program.services.clock.now(), _whole(points)
    with program.database.begin() as session:
        trust.adjust(session, friend_id, number, ACTOR, why, now)
        operators.note(session, BY, "trust_adjusted", str(friend_id), now, points=number)
        balance = trust_ledger.statement(session, friend_id, now).balance
    click.echo(program.words(f"残高 {balance:,}点", f"Balance: {balance:,} points"))


@trust_group.command()
@click.argument("friend_id", type=NUMBER)
@click.option("--why", required=True, help="What went wrong, for the timeline; the friend does not see it.")
@click.pass_obj
def apologise(program: Program, friend_id: int, why: str) -> None:
    """Record what went wrong as a complaint: the scenario 「お詫び」 writes, and offers stop for a while."""
    now = program.services.clock.now()
    with program.database.begin() as session:
        begun = apologies.begin(session, friend_id, why, ACTOR, now)
        if begun:
            operators.note(session, BY, "apology_begun", str(friend_id), now)
        outlook = apology_outlook.of_friend(session, friend_id, now)
    if not begun:
        click.echo(
            program.words(
                "同じ内容の苦情が24時間以内に記録されているため、新しくは記録しませんでした。",
                "The same complaint was recorded within the last day; nothing was added.",
            )
        )
        return
    click.echo(program.words("苦情として記録しました。", "Recorded as a complaint."))
    click.echo(outlook_words(outlook, program.settings.language))
    click.echo(program.words("しばらく販売のご案内は送りません。", "No offers go out for a while."))


def _whole(text: str) -> int:
    try:
        return int(text.replace(",", ""))
    except ValueError as error:
        raise Invalid("trust_points_invalid", limit=trust.MOST) from error

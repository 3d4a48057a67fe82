"""`kokyaku stop` and `kokyaku start`: the kill switch from the terminal."""

import click

from bot.cli.context import Program
from scheduler import kill_switch
from scheduler.kill_switch import Turn

ACTOR = "cli"


@click.command()
@click.option("--reason", default="", help="Why, for whoever looks later.")
@click.pass_obj
def stop(program: Program, reason: str) -> None:
    """Let nothing more leave, at once: broadcasts, steps, tests. Answers to friends still go."""
    with program.database.begin() as session:
        kill_switch.stop_everything(session, ACTOR, program.services.clock.now(), reason)
    click.echo(
        program.words(
            "すべての配信を止めました。友だちへの返信は続きます。再開は kokyaku start です。",
            "Everything is stopped. Answers to friends still go. kokyaku start lets it go on.",
        )
    )


@click.command()
@click.pass_obj
def start(program: Program) -> None:
    """Let everything go on where it stood; nobody gets anything twice."""
    services = program.services
    with program.database.begin() as session:
        kill_switch.start_again(session, services.queue, ACTOR, services.clock.now())
    click.echo(program.words("配信を再開しました。", "Sending goes on."))


@click.command()
@click.pass_obj
def stops(program: Program) -> None:
    """List who stopped and started everything, and when."""
    with program.database.reading() as session:
        turns = kill_switch.turns(session)
    for turn in turns:
        click.echo(_line(program, turn))


def _line(program: Program, turn: Turn) -> str:
    at = turn.at.astimezone(program.settings.zone)
    word = program.words("停止", "stopped") if turn.stopped else program.words("再開", "started")
    return f"{at:%Y-%m-%d %H:%M:%S}  {word}  {turn.by}  {turn.reason}".rstrip()

"""`kokyaku broadcast`: send to many from the terminal."""

from collections.abc import Callable
from datetime import datetime

import click
from sqlalchemy.orm import Session

from bot.cli import approvals
from bot.cli.broadcast_drafts import ACTOR, create
from bot.cli.context import NUMBER, Program
from bot.words import pause_words
from scheduler import broadcast_progress, broadcasts
from scheduler.models import Broadcast, BroadcastState
from scheduler.through_words import through_words


@click.group()
def broadcast() -> None:
    """Create, price, send and control broadcasts."""


@broadcast.command()
@click.argument("broadcast_id", type=NUMBER)
@click.option("--at", type=click.DateTime(), help="When, in the shop's zone; now if left out.")
@click.pass_obj
def send(program: Program, broadcast_id: int, at: datetime | None) -> None:
    """Send a draft now, or at a time."""
    moment = None if at is None else at.replace(tzinfo=program.settings.zone)
    with program.database.begin() as session:
        broadcasts.schedule(
            session, program.services.queue, broadcast_id, moment, program.services.clock.now(), ACTOR
        )
    _tell(program, broadcast_id)


@broadcast.command()
@click.argument("broadcast_id", type=NUMBER)
@click.option("--friend", "friend_id", type=int, required=True, help="Number of the friend: your own LINE.")
@click.pass_obj
def test(program: Program, broadcast_id: int, friend_id: int) -> None:
    """Send it to one friend only, outside of the broadcast's counts."""
    with program.database.begin() as session:
        broadcasts.send_test(
            session, program.services.queue, broadcast_id, friend_id, program.services.clock.now()
        )
    click.echo(program.words("テスト送信を予約しました。", "The test is on its way."))


@broadcast.command()
@click.argument("broadcast_id", type=NUMBER)
@click.pass_obj
def status(program: Program, broadcast_id: int) -> None:
    """Print how far a broadcast has come."""
    _tell(program, broadcast_id)


def _control(name: str, act: Callable[[Program, Session, int], Broadcast], words: str) -> click.Command:
    @broadcast.command(name, help=words)
    @click.argument("broadcast_id", type=NUMBER)
    @click.pass_obj
    def run(program: Program, broadcast_id: int) -> None:
        with program.database.begin() as session:
            act(program, session, broadcast_id)
        _tell(program, broadcast_id)

    return run


_control(
    "pause",
    lambda program, session, id_: broadcasts.pause(session, id_, program.services.clock.now()),
    "Let nothing more of it leave.",
)
_control(
    "resume",
    lambda program, session, id_: broadcasts.resume(
        session, program.services.queue, id_, program.services.clock.now()
    ),
    "Go on where it stopped.",
)
_control(
    "cancel",
    lambda program, session, id_: broadcasts.cancel(session, id_, program.services.clock.now()),
    "End it for good.",
)


broadcast.add_command(create)
broadcast.add_command(approvals.approve)
broadcast.add_command(approvals.send_back)


def _tell(program: Program, broadcast_id: int) -> None:
    with program.database.reading() as session:
        progress = broadcast_progress.progress(session, broadcast_id)
    parts = [f"{state.value} {count:,}" for state, count in sorted(progress.by_state.items())]
    parts += [f"({reason} {count:,})" for reason, count in sorted(progress.by_reason.items())]
    click.echo(f"{progress.state.value} {progress.total:,}: {' '.join(parts)}")
    if progress.state is BroadcastState.AWAITING_APPROVAL:
        click.echo(
            program.words(
                "人数が多いため、別の運用担当者の承認を待っています（kokyaku broadcast approve）。",
                "It reaches many: it waits for another operator (kokyaku broadcast approve).",
            )
        )
    if progress.state_reason is not None:
        click.echo(pause_words(progress.state_reason, program.settings.language))
    if progress.through_reason is not None:
        click.echo(through_words(progress.through_reason, program.settings.language))

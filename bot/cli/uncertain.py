"""`kokyaku uncertain`: deliveries of which nobody knows whether they arrived, and what a person decides about them."""

from collections.abc import Callable, Iterator, Sequence

import click
from sqlalchemy.orm import Session

from bot import operators
from bot.cli.context import NUMBER, Program
from bot.words import error_words
from scheduler import uncertain as deciding
from scheduler import uncertain_list
from scheduler.reasons import reason_words
from scheduler.uncertain_list import About, Row
from segments.errors import Conflict, Invalid

ACTOR = "cli"
Act = Callable[[Session, dict[int, int]], int]


@click.group()
def uncertain() -> None:
    """List, take as arrived, or send again what nobody knows the end of."""


_broadcast = click.option("--broadcast", "broadcast_id", type=NUMBER, help="Only those of this broadcast.")
_which = click.argument("delivery_ids", type=NUMBER, nargs=-1)
_all = click.option("--all", "everything", is_flag=True, help="All of them, or all of the broadcast's.")
_yes = click.option("--yes", is_flag=True, help="Do not ask.")


@uncertain.command("list")
@_broadcast
@click.pass_obj
def list_(program: Program, broadcast_id: int | None) -> None:
    """Print number, moment, friend, campaign and reason of each, the oldest first."""
    for rows in _pages(program, About(broadcast_id)):
        for row in rows:
            click.echo(_line(program, row))


@uncertain.command()
@_which
@_broadcast
@_all
@_yes
@click.pass_obj
def arrived(
    program: Program, delivery_ids: tuple[int, ...], broadcast_id: int | None, everything: bool, yes: bool
) -> None:
    """Count deliveries as accepted. Nothing is sent; it cannot be taken back."""
    rows = _chosen(program, delivery_ids, broadcast_id, everything)
    if not yes:
        question = f"{len(rows):,}通を届いたことにしますか？元には戻せません。"
        english = f"Count {len(rows):,} deliveries as arrived? It cannot be taken back."
        click.confirm(program.words(question, english), abort=True)
    done = _decide(program, rows, "uncertain_arrived", deciding.take_as_arrived)
    click.echo(program.words(f"{done:,}通を届いたことにしました。", f"{done:,} counted as arrived."))


@uncertain.command()
@_which
@_broadcast
@_all
@_yes
@click.pass_obj
def again(
    program: Program, delivery_ids: tuple[int, ...], broadcast_id: int | None, everything: bool, yes: bool
) -> None:
    """Send deliveries once more, each as a new message of the month. A friend who had the first gets two."""
    rows = _chosen(program, delivery_ids, broadcast_id, everything)
    going = [row for row in rows if row.obstacle is None]
    for code in sorted({row.obstacle for row in rows if row.obstacle is not None}):
        count = sum(row.obstacle == code for row in rows)
        why = error_words(Conflict(code), program.settings.language)
        click.echo(program.words(f"{count:,}通: {why}", f"{count:,}: {why}"), err=True)
    if not going:
        raise Conflict(next(row.obstacle for row in rows if row.obstacle is not None))
    if not yes:
        question = f"{len(going):,}通をもう一度送りますか？はじめの分が届いていた友だちには2通届きます。"
        english = f"Send {len(going):,} again? Friends who had the first get two."
        click.confirm(program.words(question, english), abort=True)
    now = program.services.clock.now()

    def act(session: Session, seen: dict[int, int]) -> int:
        return deciding.send_again(session, seen, ACTOR, now)

    done = _decide(program, going, "uncertain_sent_again", act)
    click.echo(program.words(f"{done:,}通をもう一度送ります。", f"{done:,} are sent again."))


def _chosen(
    program: Program, delivery_ids: Sequence[int], broadcast_id: int | None, everything: bool
) -> list[Row]:
    """Return what was asked for; raises Invalid("uncertain_which") for neither or both, Conflict when none is left."""
    if bool(delivery_ids) == everything or (delivery_ids and broadcast_id is not None):
        raise Invalid("uncertain_which")
    found: list[Row] = []
    if everything:
        found = [row for rows in _pages(program, About(broadcast_id)) for row in rows]
    for start in range(0, len(delivery_ids), deciding.MOST):
        with program.database.reading() as session:
            some = delivery_ids[start : start + deciding.MOST]
            found += uncertain_list.chosen(session, some, program.services.clock.now())
    if not found:
        raise Conflict("uncertain_decided")
    return found


def _pages(program: Program, about: About) -> Iterator[Sequence[Row]]:
    after: int | None = 0
    while after is not None:
        with program.database.reading() as session:
            rows, after = uncertain_list.page(session, about, after, program.services.clock.now())
        yield rows


def _decide(program: Program, rows: Sequence[Row], action: str, act: Act) -> int:
    """Decide them, at most MOST in a transaction; return how many somebody had not decided meanwhile."""
    done = 0
    for start in range(0, len(rows), deciding.MOST):
        seen = {row.lost.id: row.tried_before for row in rows[start : start + deciding.MOST]}
        with program.database.begin() as session:
            decided = act(session, seen)
            now, subject = program.services.clock.now(), f"deliveries:{len(seen)}"
            operators.note(session, ACTOR, action, subject, now, deliveries=sorted(seen), decided=decided)
        done += decided
    return done


def _line(program: Program, row: Row) -> str:
    language, at = program.settings.language, row.lost.ended_at.astimezone(program.settings.zone)
    scenario = row.scenario or ("", "")
    source = row.broadcast or (scenario[1] if language == "en" and scenario[1] else scenario[0])
    about = " – ".join(each for each in (source, None if row.broadcast else row.step) if each)
    reason = reason_words(row.lost.reason or "", language)
    return f"{row.lost.id}  {at:%Y-%m-%d %H:%M}  {row.friend}  {about}  {reason}"

"""`kokyaku points`: how a friend's points stand, given or taken by hand, and the shop's rule for them."""

import click

from bot import operators
from bot.cli.context import NUMBER, Program
from segments import point_policy, shop
from segments import points as ledger
from segments.errors import Invalid, NotFound
from segments.models import Facts
from segments.point_policy import PointPolicy

ACTOR = "cli"
BY = "command line"
"""Who did it, in the audit log."""


@click.group()
def points() -> None:
    """Show and change points."""


@points.command()
@click.argument("friend_id", type=NUMBER)
@click.pass_obj
def show(program: Program, friend_id: int) -> None:
    """Print a friend's balance, what expires when, and the latest movements."""
    now = program.services.clock.now()
    with program.database.reading() as session:
        if session.get(Facts, friend_id) is None:
            raise NotFound("friend_unknown", friend_id=friend_id)
        zone = shop.load(session).zone
        stands = ledger.statement(session, friend_id, now)
        click.echo(program.words(f"残高 {stands.balance:,}ポイント", f"Balance: {stands.balance:,} points"))
        for at, going in stands.expiring:
            day = f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
            click.echo(program.words(f"{day} まで {going:,}ポイント", f"{going:,} until {day}"))
        for each in ledger.history(session, friend_id):
            click.echo(
                f"{each.at.astimezone(zone):%Y-%m-%d %H:%M}\t{each.points:+,}\t{each.cause}\t{each.by}"
            )


@points.command(context_settings={"ignore_unknown_options": True})
@click.argument("friend_id", type=NUMBER)
@click.argument("number", metavar="POINTS")
@click.option("--cause", help="Why; the same cause counts once. A new one each time when left out.")
@click.pass_obj
def adjust(program: Program, friend_id: int, number: str, cause: str | None) -> None:
    """Give points, or take them with a negative number: `adjust 12 -500`."""
    now = program.services.clock.now()
    reason = f"cli:{cause}" if cause else f"cli:{friend_id}:{now.isoformat()}"
    given = _whole(number)
    with program.database.begin() as session:
        _, new = ledger.adjust(session, friend_id, given, reason, ACTOR, now)
        if new:
            operators.note(session, BY, "points_adjusted", str(friend_id), now, points=given)
        balance = ledger.statement(session, friend_id, now).balance
    click.echo(program.words(f"残高 {balance:,}ポイント", f"Balance: {balance:,} points"))


@points.command()
@click.option("--yen-per-point", type=int, help="Yen of a purchase for one point; 0 gives none.")
@click.option("--expire-days", help="Days after which points go, or `none`.")
@click.pass_obj
def rule(program: Program, yen_per_point: int | None, expire_days: str | None) -> None:
    """Print the rule for points, or change it for purchases from now on."""
    now = program.services.clock.now()
    with program.database.begin() as session:
        current = point_policy.in_force(session)
        changed = current.to_json()
        if yen_per_point is not None:
            changed["yen_per_point"] = yen_per_point
        if expire_days is not None:
            changed["expire_days"] = None if expire_days.casefold() == "none" else _whole(expire_days)
        in_force = PointPolicy.from_json(changed)
        if in_force != current:
            point_policy.save(session, in_force, ACTOR, now)
            operators.note(session, BY, "points_rule_changed", "", now, **in_force.to_json())
    click.echo(_said(program, in_force))


def _said(program: Program, policy: PointPolicy) -> str:
    if not policy.is_on:
        return program.words("購入ではポイントは付きません。", "Purchases give no points.")
    earning = program.words(
        f"{policy.yen_per_point:,}円ごとに1ポイント", f"One point for each ¥{policy.yen_per_point:,}"
    )
    if policy.expire_days is None:
        return earning + program.words("（有効期限なし）", ", without an end")
    return earning + program.words(
        f"（{policy.expire_days:,}日間有効）", f", valid for {policy.expire_days:,} days"
    )


def _whole(text: str) -> int:
    try:
        return int(text.replace(",", ""))
    except ValueError as error:
        raise Invalid("points_invalid", limit=ledger.MOST) from error

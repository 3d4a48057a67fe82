"""`kokyaku broadcast approve` and `return`: the second person's word, given by somebody who logs in for it."""

import click

from bot import operators
from bot.cli.context import NUMBER, Program
from bot.models import Operator, Role
from bot.operators import LoginRefused
from scheduler import approvals, broadcasts
from segments.errors import Conflict

ADDRESS = "cli"
SENDERS = (Role.OWNER, Role.OPERATOR)


@click.command()
@click.argument("broadcast_id", type=NUMBER)
@click.option("--operator", "login", required=True, help="Log-in name of the one who approves.")
@click.password_option(confirmation_prompt=False, help="That operator's password; asked for when left out.")
@click.pass_obj
def approve(program: Program, broadcast_id: int, login: str, password: str) -> None:
    """Approve a broadcast that another operator wrote; it leaves at its time."""
    services = program.services
    now = services.clock.now()
    actor = _proved(program, login, password)
    with program.database.begin() as session:
        broadcasts.approve(session, services.queue, broadcast_id, actor, now)
        operators.note(session, actor, "broadcast_approved", str(broadcast_id), now)
    click.echo(program.words("承認しました。", "Approved."))


@click.command("return")
@click.argument("broadcast_id", type=NUMBER)
@click.option("--note", default="", help="What should be changed.")
@click.pass_obj
def send_back(program: Program, broadcast_id: int, note: str) -> None:
    """Make a broadcast that waits for approval a draft again."""
    now = program.services.clock.now()
    with program.database.begin() as session:
        approvals.send_back(session, broadcast_id, note)
        operators.note(session, "command line", "broadcast_returned", str(broadcast_id), now)
    click.echo(program.words("下書きに戻しました。", "It is a draft again."))


def _proved(program: Program, login: str, password: str) -> str:
    """Return the actor whose password this is; the terminal alone says nothing of who sits at it."""
    now = program.services.clock.now()
    found = operators.authenticate(program.database, login, password, ADDRESS, now)
    if isinstance(found, LoginRefused) or not _may_send(found):
        raise Conflict("approver_refused")
    return f"operator:{found.id}"


def _may_send(operator: Operator) -> bool:
    return operator.role in SENDERS and not operator.must_change_password

"""`kokyaku operator`: accounts for the console."""

import click

from bot import operators
from bot.cli.context import Program
from bot.models import Role

ROLES = [role.value for role in Role]


@click.group()
def operator() -> None:
    """Add and list the people who log in to the console."""


@operator.command("add")
@click.argument("login")
@click.option("--name", default="", help="Shown where this person did something.")
@click.option("--role", type=click.Choice(ROLES), default=Role.OPERATOR.value, show_default=True)
@click.pass_obj
def add(program: Program, login: str, name: str, role: str) -> None:
    """Add an operator and print a one-time password."""
    services = program.services
    with services.database.begin() as session:
        password = operators.create(session, login, name, Role(role), None, services.clock.now())
        operators.note(session, "command line", "operator_added", login, services.clock.now(), role=role)
    _say_password(program, login, password)


@operator.command("list")
@click.pass_obj
def list_(program: Program) -> None:
    """List all operators with their roles."""
    with program.services.database.reading() as session:
        for each in operators.everyone(session):
            closed = program.words("（停止中）", " (closed)") if each.disabled_at else ""
            click.echo(f"{each.login}\t{each.role.value}\t{each.name}{closed}")


@operator.command("reset-password")
@click.argument("login")
@click.pass_obj
def reset_password(program: Program, login: str) -> None:
    """Give an operator a new one-time password; their sessions end."""
    services = program.services
    with services.database.begin() as session:
        password = operators.reset_password(session, login, "command line", services.clock.now())
    _say_password(program, login, password)


def _say_password(program: Program, login: str, password: str) -> None:
    click.echo(program.words(f"ログイン名: {login}", f"Login: {login}"))
    click.echo(
        program.words(
            f"1回かぎりのパスワード: {password}（最初のログインで変更します）",
            f"One-time password: {password} (to be changed at the first log-in)",
        )
    )

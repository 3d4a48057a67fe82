"""`kokyaku check`: is the LINE connection right, and if not, what is wrong."""

import click

from bot.cli.context import Program
from bot.line.check import check as examine
from bot.mail.check import check as examine_mail


@click.command()
@click.pass_obj
def check(program: Program) -> None:
    """Verify token, secret, webhook address and quota; ends with status 1 when something is wrong."""
    if not program.settings.has_line_credentials:
        raise click.ClickException(
            program.words(
                "LINEのチャネルが設定されていません。LINE_CHANNEL_SECRET と LINE_CHANNEL_ACCESS_TOKEN を設定してください。",
                "No LINE channel is set: set LINE_CHANNEL_SECRET and LINE_CHANNEL_ACCESS_TOKEN.",
            )
        )
    findings = [*examine(program.services), *examine_mail(program.services)]
    for finding in findings:
        click.echo(f"{'✓' if finding.ok else '✗'} {finding.words(program.settings.language)}")
    if not all(finding.ok for finding in findings):
        raise click.exceptions.Exit(1)
